/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// Where `npm run dev` finds a server; the build does not use it.
const server = process.env.POSTHOUSE_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  // Every URL in the build is relative, so that the page works under any path prefix.
  base: './',
  // What the admin app and this page do alike with a session is written once.
  resolve: { alias: { '@app': fileURLToPath(new URL('../src', import.meta.url)) } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'react' } },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: false, // scripts/clean.mjs leaves the placeholder
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000, // Monaco, the editor, is what it is
    reportCompressedSize: false,
    rolldownOptions: {
      // Directives for frameworks that render on a server, which nothing here does.
      onwarn: (warning, report) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || report(warning),
    },
  },
  server: { proxy: { '/graphql': { target: server, ws: true } } },
  test: { environment: 'node', include: ['src/**/*.spec.ts'] },
})
