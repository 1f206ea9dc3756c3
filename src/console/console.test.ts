import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { openPage } from '../../test/support/page-assets.ts'

const { server, get, page, policy, assets } = await openPage('/', /(?:src|href)="([^"]+)"/g)

test('the page answers at every address of the console, and nowhere else', async () => {
  for (const url of ['/', '/sign-in', '/e/default/home', '/e/a%2Fb/customers/x?q=1']) {
    const { statusCode, body, headers } = await get(url)
    assert.deepEqual([statusCode, body], [200, page.body], url)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-cache')
    const head = await server.inject({ method: 'HEAD', url })
    assert.deepEqual([head.statusCode, head.body], [200, ''], url)
  }
  for (const url of ['/e', '/customers', '/api/v1/nothing', '/assets/', '/assets/x/main.js']) {
    const { statusCode, headers } = await get(url)
    assert.equal(statusCode, 404, url)
    assert.match(String(headers['content-type']), /json/, url)
  }
})

test('the policy allows files of this server, and nothing inline', () => {
  assert.doesNotMatch(policy, /https?:|\*|unsafe|nonce|sha256/)
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /require-trusted-types-for 'script'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(page.body, /<style|<script(?![^>]*\ssrc=)|\son\w+=/)
  assert.equal(page.headers['referrer-policy'], 'no-referrer')
  assert.equal(page.headers['x-content-type-options'], 'nosniff')
  assert.equal(page.headers['cross-origin-opener-policy'], 'same-origin')
})

test('all that the page refers to is served for ever, compressed on request', async () => {
  assert.ok(assets.length >= 4)
  for (const url of assets) {
    assert.match(url, /^\/assets\/[0-9a-f]{12}\/[\w.-]+$/)
    const [plain, zipped] = [await get(url), await get(url, { 'accept-encoding': 'gzip' })]
    assert.equal(plain.statusCode, 200, url)
    assert.match(String(plain.headers['cache-control']), /immutable/)
    assert.ok(gunzipSync(zipped.rawPayload).equals(plain.rawPayload))
  }
})

test('files refer to each other relatively, so that all are in the same folder', async () => {
  const main = assets.find((url) => url.endsWith('/main.js')) ?? ''
  const text = (await get(main)).body
  const chunks = [...text.matchAll(/["'](\.\/[\w.-]+\.js)["']/g)].map(([, chunk = '']) => chunk)
  assert.ok(chunks.length > 0)
  for (const chunk of new Set(chunks)) {
    const { statusCode } = await get(new URL(chunk, `http://bursar${main}`).pathname)
    assert.equal(statusCode, 200, chunk)
  }
})
