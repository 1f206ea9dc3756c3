import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { openPage } from '../../test/support/page-assets.ts'

const { get, page, policy, assets } = await openPage('/docs', /(?:src|href)="(\/docs\/[^"]+)"/g)

test('the page refers to no other origin, and its policy allows none', () => {
  assert.equal(page.statusCode, 200)
  assert.doesNotMatch(page.body, /(?:src|href|url)\s*[=:]\s*["']?(?:https?:)?\/\//)
  assert.doesNotMatch(policy, /https?:|\*|unsafe/)
  assert.match(policy, /default-src 'none'/)
})

test('the policy allows the inline script and style of the page, and no others', () => {
  const inline = [...page.body.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)]
  assert.equal(inline.length, 2)
  for (const [, , text = ''] of inline)
    assert.ok(policy.includes(createHash('sha256').update(text).digest('base64')))
})

test('the page has the styles and the theme of the console, and leads back to it', async () => {
  const shared = [...page.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)]
  assert.equal(shared.length, 3)
  for (const [, url = ''] of shared) assert.equal((await get(url)).statusCode, 200, url)
  assert.match(page.body, /href="\/"/)
})

test('the assets of the page are served, compressed on request, and cacheable', async () => {
  assert.equal(assets.length, 2)
  for (const url of assets) {
    const plain = await get(url)
    const zipped = await get(url, { 'accept-encoding': 'br, gzip' })
    assert.deepEqual([plain.statusCode, plain.headers['content-encoding']], [200, undefined])
    assert.equal(zipped.headers['content-encoding'], 'gzip')
    assert.ok(gunzipSync(zipped.rawPayload).equals(plain.rawPayload))
    for (const { headers } of [plain, zipped]) {
      assert.match(String(headers['cache-control']), /immutable/)
      const coding = String(headers['content-encoding'] ?? 'identity')
      const tag = { 'if-none-match': String(headers.etag), 'accept-encoding': coding }
      const again = await get(url, tag)
      assert.deepEqual([again.statusCode, again.body], [304, ''])
    }
  }
})
