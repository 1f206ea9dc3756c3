/** The page at `/`. */
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
<li><a href="/docs">The API reference</a>, where you can try calls</li>
<li><a href="/openapi.json">The API document</a> (OpenAPI 3.1)</li>
<li>Health: <a href="/health/ready">ready</a>, <a href="/health/live">alive</a></li>
</ul>
<p>Call the API with your key in the <code>X-API-KEY</code> header. The <code>README.md</code> of
the installation shows the first requests and how to use the official Stigg SDKs.
<code>docs/OPERATING.md</code> shows how to run the server.</p>
</body>
</html>
`
