import { existsSync } from 'node:fs'
import type { CodegenConfig } from '@graphql-codegen/cli'

// The draft holds fields that the server is about to gain; the file goes when graph/schema has them.
const draft = 'schema.draft.graphqls'

const config: CodegenConfig = {
  schema: ['../graph/schema/*.graphqls', ...(existsSync(draft) ? [draft] : [])],
  documents: ['src/**/*.graphql'],
  generates: {
    'src/shared/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        scalars: { Time: 'string', JSON: 'unknown', ID: 'string' },
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        avoidOptionals: { field: true },
        documentMode: 'documentNode',
        dedupeFragments: true,
      },
    },
  },
  hooks: { afterAllFileWrite: [] },
}

export default config
