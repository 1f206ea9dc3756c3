import { createHash } from 'node:crypto'

/**
 * Follows the color scheme of the system: the renderer has a class for dark mode, but does not set
 * it. The renderer also fills object parameters with invented values, which would filter a list to
 * nothing. An empty example avoids that.
 */
const START = `
const withoutInvention = (document) => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  for (const parameter of operations.flatMap((operation) => operation.parameters ?? []))
    if (parameter.schema?.type === 'object') parameter.example ??= {}
  return document
}
const honest = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (document) => update(withoutInvention(document)),
      },
    },
  },
})
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
addEventListener('DOMContentLoaded', () => SwaggerUIBundle({
  url: '/openapi.json',
  domNode: document.getElementById('reference'),
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  plugins: [honest],
  queryConfigEnabled: false,
  showCommonExtensions: true,
  validatorUrl: null,
}))
`

const STYLE = `
html { box-sizing: border-box; overflow-y: scroll }
*, *::before, *::after { box-sizing: inherit }
body { margin: 0 }
header { display: flex; gap: 1.25rem; align-items: baseline; max-width: 1460px; margin: auto;
  padding: .8rem 1.25rem 0; font: 15px/1.4 sans-serif }
header strong { font-size: 1.1rem; margin-right: auto }
header a { color: inherit }
html.dark-mode header { color: #e4e6e6 }
.swagger-ui .info { margin: 1.5rem 0 1rem }
.swagger-ui .scheme-container { padding: 0 0 1rem; box-shadow: none; background: none }
/* There is only one server, the one that sent the page. */
.swagger-ui :is(.servers-title, .servers) { display: none }
.swagger-ui .parameters-col_description textarea { height: 5rem; min-height: 5rem }
`

/** Returns the page, and a content security policy that allows only what it contains. */
export function referencePage(assets: { script: string; style: string }): {
  html: string
  policy: string
} {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Bursar API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.style}">
<style>${STYLE}</style>
<script>${START}</script>
<script defer src="${assets.script}"></script>
</head>
<body>
<header><strong>Bursar</strong><a href="/">Home</a></header>
<main id="reference"><noscript>The reference needs JavaScript. The API document itself is
<a href="/openapi.json">/openapi.json</a>.</noscript></main>
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    `script-src 'self' '${hashOf(START)}'`,
    `style-src 'self' '${hashOf(STYLE)}'`,
    // Icons of the stylesheet.
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return { html, policy }
}

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`
