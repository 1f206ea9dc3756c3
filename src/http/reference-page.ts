import { createHash } from 'node:crypto'

/** Light and dark by the reader's system: the renderer knows the class, and not when to set it. */
const START = `
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
  queryConfigEnabled: false,
  showCommonExtensions: true,
  tryItOutEnabled: true,
  validatorUrl: null,
}))
`

const STYLE = `
html { box-sizing: border-box; overflow-y: scroll }
*, *::before, *::after { box-sizing: inherit }
body { margin: 0 }
header { display: flex; gap: 1.25rem; align-items: baseline; padding: .8rem 1.25rem;
  font: 15px/1.4 system-ui, sans-serif; border-bottom: 1px solid #8884 }
header strong { font-size: 1.1rem; margin-right: auto }
header a { color: inherit }
html.dark-mode header { color: #e4e6e6 }
`

/** The page, and the policy that admits what is in it and nothing else from anywhere. */
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
<header><strong>Bursar</strong><a href="/">Home</a><a href="/openapi.json">OpenAPI 3.1</a></header>
<main id="reference"><noscript>The reference needs JavaScript. The contract itself is
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
