/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import components from 'unplugin-vue-components/vite'
import { AntDesignVueResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vite'

// Where `npm run dev` finds a server; the build does not use it.
const server = process.env.POSTHOUSE_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  // Every URL in the build is relative, so that the app works under any path prefix (see doc.go).
  base: './',
  plugins: [
    vue(),
    components({
      // Only ant-design-vue's components are found by name; ours are imported, so that a reader sees them.
      dirs: [],
      resolvers: [AntDesignVueResolver({ importStyle: false })],
      dts: 'src/components.d.ts',
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: true, // ant-design-vue needs it
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: 'dist',
    // Other entries build into folders of their own below dist; scripts/clean.mjs removes only ours.
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: {
    proxy: { '/graphql': { target: server, ws: true }, '/healthz': server, '/graphiql': server, '/sandbox': server },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.spec.ts', 'scripts/**/*.spec.ts'],
    restoreMocks: true,
  },
})
