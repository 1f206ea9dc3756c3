import { createHash } from 'node:crypto'
import { contentPolicy } from './content-policy.ts'

/**
 * Follows the theme of the console, and without one that of the system: the renderer has a class
 * for dark mode, but does not set it. The renderer also fills object parameters with invented
 * values, which would filter a list to nothing. An empty example avoids that.
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
const root = document.documentElement
const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches
const follow = () => root.classList.toggle('dark-mode', isDark())
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

/**
 * The colors and fonts are those of the console, whose styles come before these. Its names of
 * colors are in `console/src/tokens.css`.
 */
const STYLE = `
html, html.dark-mode { overflow-y: scroll; background: var(--bg-0); color-scheme: inherit }
.brand, .swagger-ui .wrapper { max-width: 1240px; margin: auto; padding: 0 var(--page) }
.brand { display: flex; align-items: center; gap: 10px; height: var(--top);
  border-bottom: 1px solid var(--line); max-width: none }
.brand a { display: flex; align-items: center; gap: 8px; color: var(--fg-0); font: var(--text-14);
  font-weight: 600 }
.brand .back { margin-left: auto; color: var(--accent); font: var(--text-13) }
:root:root .swagger-ui { background: none; color: var(--fg-0);
  font-family: var(--font) }
.swagger-ui :is(p, li, table, label, h1, h2, h3, h4, h5, a, button, input, select, small,
  .opblock-tag, .opblock .opblock-summary-description, .opblock .opblock-summary-method,
  .opblock-description-wrapper, .opblock-external-docs-wrapper, .opblock-title_normal,
  .response-col_status, .response-col_links, .parameter__name, .tab li, .btn, .info .title,
  .dialog-ux .modal-ux-content p, .model-title, .model-toggle, .renderedMarkdown) {
  font-family: var(--font) }
.swagger-ui :is(code, pre, .opblock .opblock-summary-path, .parameter__type, .parameter__in,
  .model, .prop-type, .prop-format, textarea),
  .swagger-ui .opblock .opblock-summary-path a { font-family: var(--mono); font-size: 13px }
:root:root .swagger-ui :is(.info .title, .info p, .info li, .info td, .opblock-tag, h1, h2, h3,
  h4, h5, label, table thead tr :is(td, th), .opblock .opblock-summary-path, .parameter__name,
  .response-col_status, .response-col_links, .opblock-description-wrapper p, .tab li,
  .opblock .opblock-section-header h4, .renderedMarkdown :is(p, li), .markdown :is(p, li),
  .model-title, section.models h4) { color: var(--fg-0) }
:root:root .swagger-ui :is(.opblock .opblock-summary-description, .opblock-tag small,
  .parameter__type, .parameter__in, .model, .prop-format) { color: var(--fg-1) }
:root:root .swagger-ui :is(.renderedMarkdown, .markdown) code { background: var(--bg-2);
  color: var(--fg-0) }
:root:root .swagger-ui a:not(.tablinks) { color: var(--accent) }
.swagger-ui .info { margin: 20px 0 16px }
.swagger-ui .info .title { font: var(--text-20); letter-spacing: -.01em }
:root:root:root .swagger-ui .info .title small { position: static; border-radius: 999px;
  padding: 2px 8px; background: var(--bg-2); vertical-align: middle }
:root:root .swagger-ui .info .title small pre { color: var(--fg-1); font: var(--text-12) }
.swagger-ui .opblock-tag { border-color: var(--line); font-size: 16px }
.swagger-ui .opblock { margin: 0 0 8px; border-radius: var(--radius-panel); box-shadow: none }
:root:root .swagger-ui :is(.opblock, .opblock .opblock-summary) { border-color: var(--line) }
:root:root .swagger-ui .opblock:not(.opblock-deprecated) { background: var(--bg-1) }
:root:root:root .swagger-ui .opblock .opblock-section-header { background: var(--bg-2);
  box-shadow: none }
.swagger-ui .opblock .opblock-summary-method { border-radius: var(--radius); text-shadow: none }
:root:root .swagger-ui :is(input, select, textarea) { border: 1px solid var(--line-strong);
  border-radius: var(--radius); background-color: var(--bg-0); color: var(--fg-0) }
:root:root:root .swagger-ui .btn { border-color: var(--line-strong); border-radius: var(--radius);
  box-shadow: none; color: var(--fg-0) }
:root:root .swagger-ui .btn.execute { border-color: var(--ink); background: var(--ink);
  color: var(--on-ink) }
:root:root .swagger-ui section.models { border-color: var(--line) }
:root:root .swagger-ui .scheme-container { padding: 0 0 16px; background: none; box-shadow: none }
/* There is only one server, the one that sent the page. */
.swagger-ui :is(.servers-title, .servers) { display: none }
.swagger-ui .parameters-col_description textarea { height: 5rem; min-height: 5rem }
`

/** The sign of Bursar, as the console has it. */
const MARK = `<svg width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
<rect width="32" height="32" rx="7" fill="var(--ink)"/><path fill="none" stroke="var(--on-ink)"
stroke-width="2.5" stroke-linejoin="round"
d="M10 8h7a4 4 0 0 1 0 8h-7zm0 8h8a4 4 0 0 1 0 8h-8z"/></svg>`

/** Addresses of files that the page loads. */
export type ReferenceAssets = {
  script: string
  style: string
  /** Those of the console: colors and fonts, and the theme that was chosen in this browser. */
  look: Look
}

export type Look = { styles: string; theme: string; icon: string }

/** Returns the page, and a content security policy that allows only what it contains. */
export function referencePage(assets: ReferenceAssets): { html: string; policy: string } {
  const { look } = assets
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Bursar API reference</title>
<link rel="icon" href="${look.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${look.styles}">
<link rel="stylesheet" href="${assets.style}">
<style>${STYLE}</style>
<script src="${look.theme}"></script>
<script>${START}</script>
<script defer src="${assets.script}"></script>
</head>
<body>
<header class="brand"><a href="/">${MARK}Bursar</a>API reference
<a class="back" href="/">Back to the console</a></header>
<main id="reference"><noscript>The reference needs JavaScript. The API document itself is
<a href="/openapi.json">/openapi.json</a>.</noscript></main>
</body>
</html>
`
  const policy = contentPolicy({ scripts: [hashOf(START)], styles: [hashOf(STYLE)] })
  return { html, policy }
}

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`
