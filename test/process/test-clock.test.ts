import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customerCall, done } from '../support/entity-calls.ts'
import { ask } from '../support/keep-alive-client.ts'
import { endCleanly, openPlace } from '../support/server-process.ts'

const clockCall = (body: unknown, apiKey?: string | null) => ({
  method: 'POST',
  path: '/test/clock',
  body,
  ...(apiKey === undefined ? {} : { apiKey }),
})

const HOUR_MS = 3_600_000

/** Creates a customer. Returns the instant of its creation by the clock of the server. */
async function instantOf(url: string, customerId: string): Promise<number> {
  const { data } = await done(url, customerCall(customerId))
  return Date.parse(data.createdAt)
}

test('POST /test/clock moves the clock forward or back, and null returns it to the real time', async (t) => {
  const place = openPlace(t)
  const server = await place.start({ settings: { BURSAR_TEST_CLOCK: '1' } })
  assert.match(server.stdout(), /clock can be moved/)
  for (const now of ['2031-02-03T04:05:06.789Z', '2001-02-03T04:05:06+02:00']) {
    const target = Date.parse(now)
    const moved = await done(server.url, clockCall({ now }))
    // The clock continues from there. The test takes less than an hour.
    for (const seen of [Date.parse(moved.data.now), await instantOf(server.url, `at-${target}`)])
      assert.ok(seen >= target && seen < target + HOUR_MS, `${now} was asked for, ${seen} is`)
  }
  const before = Date.now()
  const back = await done(server.url, clockCall({ now: null }))
  const seen = Date.parse(back.data.now)
  assert.ok(seen >= before && seen <= Date.now(), `${back.data.now} is not the real time`)
  await endCleanly(place, server)
})

test('POST /test/clock refuses an invalid instant with 400 and a missing key with 401', async (t) => {
  const place = openPlace(t)
  const server = await place.start({ settings: { BURSAR_TEST_CLOCK: '1' } })
  const start = Date.now()
  const wrong = [
    {},
    [],
    'now',
    { now: 5 },
    { now: 'tomorrow' },
    { now: '2031-02-30' },
    { now: '2031-13-01T00:00:00Z' },
    { now: '1969-12-31T23:59:59Z' },
    { now: '2031-01-01T00:00:00Z', extra: 1 },
    { at: null },
  ]
  for (const body of wrong) {
    const { status, body: refusal } = await ask(server.url, clockCall(body))
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(refusal.code, 'BadUserInput')
  }
  for (const key of [null, 'not-a-key-of-this-server']) {
    const { status, body } = await ask(server.url, clockCall({ now: null }, key))
    assert.deepEqual([status, body.code], [401, 'Unauthenticated'])
  }
  const empty = await ask(server.url, { method: 'POST', path: '/test/clock' })
  assert.equal(empty.status, 400)
  const seen = await instantOf(server.url, 'unmoved')
  assert.ok(seen >= start && seen <= Date.now(), 'a refused call has moved the clock')
  await endCleanly(place, server)
})

test('without BURSAR_TEST_CLOCK there is no POST /test/clock', async (t) => {
  const place = openPlace(t)
  const server = await place.start()
  assert.doesNotMatch(server.stdout(), /clock/)
  const { status, body } = await ask(server.url, clockCall({ now: null }))
  assert.deepEqual([status, body.code], [404, null])
  await endCleanly(place, server)
})
