/** The page at `/` until the console takes its place. */
export const homePage = (version: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bursar</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif }
  body { max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem }
  h1 { margin: 0 0 .25rem; font-size: 2rem }
  code { font-size: .95em }
  li { margin: .35rem 0 }
  .muted { opacity: .7 }
</style>
</head>
<body>
<h1>Bursar</h1>
<p class="muted">version ${version}</p>
<p>This server decides, counts and budgets what a software vendor's customers may use.</p>
<ul>
<li><a href="/docs">The API reference</a>, where calls can be tried</li>
<li><a href="/openapi.json">The API contract</a> (OpenAPI 3.1)</li>
<li><a href="/health/ready">Whether it is ready</a>,
<a href="/health/live">whether it is alive</a></li>
</ul>
<p>Call the API with your key in the <code>X-API-KEY</code> header. The first requests, and how to
point the official Stigg SDKs here, stand in the <code>README.md</code> of the installation; how
to run it in <code>docs/OPERATING.md</code>.</p>
</body>
</html>
`
