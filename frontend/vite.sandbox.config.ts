import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import components from 'unplugin-vue-components/vite'
import { AntDesignVueResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vite'

// The sandbox's page: a build of its own, because another program serves it (sandbox/doc.go), made with the
// admin app's kit. Where `npm run dev:sandbox` finds a sandbox; the build does not use it.
const sandbox = process.env.POSTHOUSE_SANDBOX ?? 'http://127.0.0.1:8090'
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('src/sandbox'),
  base: './',
  publicDir: here('public'),
  plugins: [vue(), components({ dirs: [], resolvers: [AntDesignVueResolver({ importStyle: false })], dts: false })],
  resolve: { alias: { '@': here('src') } },
  define: {
    __VUE_OPTIONS_API__: true, // ant-design-vue needs it
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: here('sandbox/dist'),
    emptyOutDir: false, // scripts/clean.mjs leaves the placeholder
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  server: { fs: { allow: [here('.')] }, proxy: { '/sandbox/api': sandbox, '/api': { target: sandbox, rewrite: (path) => `/sandbox${path}` } } },
})
