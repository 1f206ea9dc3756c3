import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const SERVER = process.env.BURSAR_URL ?? 'http://127.0.0.1:4242'

const BASE = [
  ...['address', 'api', 'customer', 'decisions', 'format', 'grid', 'navigation'],
  ...['preferences', 'settings', 'shell', 'ui', 'use-'],
]

type Group = { name: string | ((id: string) => string); debugName?: string; test: RegExp }

/**
 * Chunks, by what their modules are. Names have no hashes: a change of one view touches the file of
 * that view in the committed build, and nothing else.
 */
const GROUPS: readonly Group[] = [
  { name: 'vendor', test: /node_modules\/(react|react-dom|scheduler|@tanstack)\// },
  { name: 'kit', test: /node_modules\/(@base-ui|@floating-ui|tabbable|lucide-react)\// },
  // Before all that imports it: a group takes along what its modules import.
  { name: 'base', test: new RegExp(`/src/(${BASE.join('|')})`) },
  { name: 'charts', test: /node_modules\/d3-|\/src\/charts\// },
  { name: 'explain', test: /\/src\/explain\// },
  { name: 'activity', test: /\/src\/activity\// },
  { name: 'catalog', test: /\/src\/catalog\// },
  { name: 'packages', test: /\/src\/packages\// },
  { name: 'subscriptions', test: /\/src\/subscriptions\// },
  { name: 'tasks', test: /\/src\/tasks\// },
  {
    name: (id) => `view-${/\/src\/views\/([^/]+)\//.exec(id)?.[1]}`,
    debugName: 'views',
    test: /\/src\/views\/[^/]+\//,
  },
]

export default defineConfig({
  // References between files are relative. The server puts all of them into one folder.
  base: './',
  plugins: [react()],
  server: {
    proxy: Object.fromEntries(
      ['/api', '/docs', '/openapi.json', '/health'].map((path) => [path, SERVER]),
    ),
  },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: 'main.js',
        chunkFileNames: '[name].js',
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith('.css')) ? 'console.css' : '[name][extname]',
        codeSplitting: { groups: [...GROUPS] },
      },
    },
  },
})
