import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: ['../graph/schema/*.graphqls'],
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
}

export default config
