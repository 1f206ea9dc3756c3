import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { OperationId } from '../../src/api.gen.ts'
import { contract } from '../support/api-document.ts'
import { requestOf } from '../support/contract-client.ts'
import { openWorld, withMade } from '../support/world.ts'
import { calls } from './calls.ts'
import { furnishIn } from './furnish.ts'

/** The content encodings of responses, for every operation that reads. */

const world = await openWorld()
const reading = contract.operations.filter(({ method, id, primaryId }) => {
  return method === 'GET' && id === primaryId
})
const COMPRESSED_FROM = 1024

test('every read of 1 kB or more is compressed if the client accepts gzip, with a vary header', async () => {
  const tenant = await furnishIn(world, 'a long mark '.repeat(20))
  let compressed = 0
  for (const { primaryId } of reading) {
    const id = primaryId as OperationId
    const request = withMade(tenant.made, calls[id]('mark'))
    const asked = requestOf(id, { ...request, apiKey: tenant.key })
    const plain = await world.bursar.server.inject(asked)
    const headers = { ...asked.headers, 'accept-encoding': 'br, gzip' }
    const taken = await world.bursar.server.inject({ ...asked, headers })
    assert.equal(plain.statusCode, 200, `${id} ${plain.body}`)
    assert.equal(taken.statusCode, 200, id)
    assert.equal(plain.headers['content-encoding'], undefined, id)
    const isLong = plain.body.length >= COMPRESSED_FROM
    assert.equal(taken.headers['content-encoding'], isLong ? 'gzip' : undefined, id)
    const inflated = isLong ? gunzipSync(taken.rawPayload).toString() : taken.body
    assert.deepEqual(JSON.parse(inflated), JSON.parse(plain.body), id)
    assert.equal(Number(taken.headers['content-length']), taken.rawPayload.length, id)
    if (!isLong) continue
    compressed += 1
    for (const answer of [plain, taken])
      assert.match(String(answer.headers.vary), /accept-encoding/, id)
  }
  assert.ok(compressed > 3, `${compressed} answers were long enough`)
})
