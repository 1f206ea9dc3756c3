import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { until } from '../../test/support/deadline.ts'
import { listening } from '../../test/support/listening.ts'
import { parsePrometheusText } from '../../test/support/prometheus-text.ts'
import { openWorld } from '../../test/support/world.ts'
import { acceptsGzip } from './answers.ts'
import { createByteShare } from './byte-share.ts'
import { createWaitingShare } from './waiting-share.ts'

const MB = 1_048_576

test('gzip is used if the client accepts it with a quality above 0', () => {
  const takes = [
    'gzip',
    'GZIP',
    'deflate, gzip;q=0.5',
    'x-gzip',
    '*',
    'br;q=1.0, *;q=0.1',
    'gzip ; q=1',
  ]
  const refuses = [
    undefined,
    '',
    'br',
    'deflate',
    'identity',
    'gzip;q=0',
    'gzip;q=0.0, *',
    'gzipped',
    '*;q=0',
  ]
  assert.deepEqual(
    takes.filter((header) => !acceptsGzip(header)),
    [],
  )
  assert.deepEqual(refuses.filter(acceptsGzip), [])
})

test('a waiting caller gets its bytes as soon as they fit, in order of arrival', async () => {
  const share = createByteShare({ all: 100, perOwner: 60 })
  const waiting = createWaitingShare(share, { waitMs: 600_000, waitingBytes: 100 })
  const had: string[] = []
  const take = async (owner: string, bytes: number) => {
    const bound = await waiting.take(owner, bytes)
    had.push(`${owner} ${bound ?? 'has it'}`)
  }
  await take('one', 60)
  await take('two', 40)
  const later = [take('one', 20), take('three', 30)]
  await take('four', 60)
  assert.deepEqual(had, ['one has it', 'two has it', 'four all'], 'what waits is bounded, too')
  waiting.give('two', 40)
  await later[1]
  waiting.give('one', 60)
  await later[0]
  assert.deepEqual(had.slice(3), ['three has it', 'one has it'])
  assert.equal(share.inUse(), 50)
})

test('a caller that has waited for too long gets the bound that was exceeded', async () => {
  const share = createByteShare({ all: 100, perOwner: 60 })
  const waiting = createWaitingShare(share, { waitMs: 1, waitingBytes: 100 })
  assert.equal(await waiting.take('one', 60), null)
  assert.equal(await waiting.take('one', 30), 'owner')
  assert.equal(await waiting.take('two', 50), 'all')
  assert.equal(share.inUse(), 60)
})

test('large reads wait for unread responses and are then refused, while other requests are served', async () => {
  const world = await openWorld({
    BURSAR_MAX_ANSWERS_MB: '1',
    BURSAR_MAX_ANSWERS_PER_CALLER_MB: '1',
  })
  const { server, dial } = await listening(world)
  const [tenant, other] = [await world.tenant(), await world.tenant()]
  const body = { metadata: { text: 'x'.repeat(900_000) } }
  for (const each of [tenant, other])
    for (const id of ['a', 'b', 'c', 'small']) {
      await each.ok('v1.customers.provision', { body: { id } })
      if (id !== 'small') await each.ok('v1.customers.update', { params: { id }, body })
    }
  const inUse = async () => {
    const { body: metrics } = await server.inject({ method: 'GET', url: '/metrics' })
    return parsePrometheusText(metrics).get('bursar_answer_bytes')?.samples[0]?.value ?? 0
  }
  const deaf = dial().pause()
  await once(deaf, 'connect')
  const asked = `GET /api/v1/customers HTTP/1.1\r\nhost: x\r\nx-api-key: ${tenant.key}\r\n\r\n`
  const list = (of: typeof tenant) => of.call('v1.customers.list', {})
  await until('an answer is not read', async () => {
    // Socket buffers take some of the responses, and what has waited for 2 s is refused.
    deaf.write(asked)
    return (await list(tenant)).status === 429
  })
  assert.ok((await inUse()) > 2 * MB)
  assert.equal((await list(tenant)).headers['retry-after'], '1')
  const others = await list(other)
  assert.deepEqual([others.status, others.headers['retry-after']], [503, '1'])
  for (const each of [tenant, other]) {
    assert.equal(
      (await each.call('v1.customers.retrieve', { params: { id: 'small' } })).status,
      200,
    )
    const changed = await each.call('v1.customers.update', {
      params: { id: 'a' },
      body: { name: 'Changed' },
    })
    assert.equal(changed.status, 200, 'what was written is answered in any case')
  }
  deaf.destroy()
  await until('all is given back', async () => (await inUse()) === 0)
  assert.equal((await list(tenant)).status, 200)
})

test('documents are compressed', async () => {
  const { bursar } = await openWorld()
  const get = (headers: Record<string, string>) =>
    bursar.server.inject({ method: 'GET', url: '/openapi.json', headers })
  const [plain, zipped] = [await get({}), await get({ 'accept-encoding': 'gzip' })]
  assert.equal(zipped.headers['content-encoding'], 'gzip')
  assert.equal(zipped.headers.vary, 'accept-encoding')
  assert.equal(plain.headers.vary, 'accept-encoding')
  assert.equal(gunzipSync(zipped.rawPayload).toString(), plain.body)
})
