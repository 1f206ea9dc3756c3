import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badRequest, notFound } from '../../test/support/refusals.ts'
import { openShop } from '../../test/support/shop.ts'
import { type ExpectedRefusal, openWorld } from '../../test/support/world.ts'
import { sql } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'

const world = await openWorld()
const { clock } = world
const { app } = world.bursar
const HOUR_MS = 3_600_000

const named = (eventName: string, ...more: object[]) => [
  { conditions: [{ field: 'event_name', operation: 'EQUALS', value: eventName }, ...more] },
]
const by = (name: string, field: string | undefined = undefined, filters = named('call')) => ({
  meter: { aggregation: { function: name, ...(field && { field }) }, filters },
})
const FEATURES = {
  calls: by('COUNT'),
  tokens: by('SUM', 'tokens'),
  largest: by('MAX', 'tokens'),
  smallest: by('MIN', 'tokens'),
  average: by('AVG', 'tokens'),
  users: by('UNIQUE', 'userId'),
  large: by(
    'COUNT',
    undefined,
    named('call', { field: 'model', operation: 'EQUALS', value: 'large' }),
  ),
}
const MONTHLY = {
  tokens: { ...FEATURES.tokens, resetPeriod: 'MONTH' },
  users: { ...FEATURES.users, resetPeriod: 'MONTH' },
} as const

let sent = 0
/** An event with a key of its own. */
const call = (dimensions: object = {}, more: object = {}) => {
  sent += 1
  return { eventName: 'call', idempotencyKey: `key-${sent}`, dimensions, ...more }
}

test('an event counts for every meter that it matches, and the next check shows it', async () => {
  const { ingest, usage } = await openShop(world, FEATURES)
  const { data } = await ingest([
    call({ tokens: 5, userId: 'a', model: 'large' }),
    call({ tokens: 5, userId: 'a' }),
    call({ tokens: 8, userId: 'b' }),
    { ...call({ tokens: 100, userId: 'c' }), eventName: 'other' },
  ])
  assert.deepEqual(data, {})
  const expected = {
    calls: 3,
    tokens: 18,
    largest: 8,
    smallest: 5,
    average: 6,
    users: 2,
    large: 1,
  }
  for (const [feature, value] of Object.entries(expected))
    assert.equal(await usage(feature), value, feature)
  await ingest([call({ tokens: 2.5, userId: 'b' }), call({ tokens: 'none', userId: 'd' })])
  assert.deepEqual(
    await Promise.all(['calls', 'tokens', 'smallest', 'average', 'users'].map((id) => usage(id))),
    [5, 20.5, 2.5, 5.125, 3],
  )
})

test('the deduplication key of an event is its customer, resource, name, key and timestamp', async () => {
  const { tenant, ingest, usage } = await openShop(world, FEATURES, ['acme', 'orrery'])
  await addResource(tenant.scope.environmentKey, 'site')
  const timestamp = instantToWire(clock.now())
  const event = { eventName: 'call', idempotencyKey: 'k', timestamp }
  await ingest([event, event])
  await ingest([{ ...event, dimensions: { tokens: 5 } }])
  assert.deepEqual([await usage('calls'), await usage('tokens')], [1, 0])
  const later = instantToWire(clock.now() + 1)
  await ingest([
    { ...event, idempotencyKey: 'other' },
    { ...event, timestamp: later },
    { eventName: 'call', idempotencyKey: 'k' },
    { ...event, resourceId: 'site' },
    { ...event, customerId: 'orrery' },
  ])
  assert.deepEqual([await usage('calls'), await usage('calls', 'orrery')], [4, 1])
})

const addResource = (environmentKey: string, id: string) =>
  app.db.transaction((tx) =>
    tx.execute(sql`
      insert into customer_resources (customer_key, resource_key, environment_key, id, created_at,
        updated_at)
      select customer_key, gen_random_uuid(), environment_key, ${id}::text, created_at, updated_at
      from customers where environment_key = ${environmentKey}::uuid and id = 'acme'`),
  )

test('usage of a resource is separate from usage of the customer', async () => {
  const { tenant, ingest, usage, report } = await openShop(world, { ...FEATURES, seats: {} })
  await addResource(tenant.scope.environmentKey, 'site')
  await ingest([call({}, { resourceId: 'site' }), call({}, { resourceId: 'site' }), call()])
  assert.equal(await usage('calls'), 1)
  const of = { featureId: 'seats', value: 1 }
  const answers = await report([{ ...of, resourceId: 'site' }, of, { ...of, resourceId: null }])
  assert.deepEqual(
    answers.map(({ resourceId, currentUsage }) => [resourceId, currentUsage]),
    [
      ['site', 1],
      [null, 1],
      [null, 2],
    ],
  )
})

test('the key of an event is known for 24 hours without a timestamp and for 35 days with one', async () => {
  const { ingest, usage } = await openShop(world, FEATURES)
  const untimed = { eventName: 'call', idempotencyKey: 'k' }
  const timed = { ...untimed, timestamp: instantToWire(clock.now()) }
  const both = async () => {
    await ingest([untimed, timed])
    return usage('calls')
  }
  assert.equal(await both(), 2)
  try {
    clock.moveTo(clock.now() + 24 * HOUR_MS - 1)
    assert.equal(await both(), 2)
    clock.moveTo(clock.now() + 1)
    assert.equal(await both(), 3)
    clock.moveTo(clock.now() + 34 * 24 * HOUR_MS)
    assert.equal(await both(), 5)
  } finally {
    clock.moveTo(null)
  }
})

test('events count in the window of their timestamp, however late and in any order', async () => {
  const { ingest, usage } = await openShop(world, MONTHLY)
  const at = (timestamp: string, tokens: number, userId = 'a') =>
    call({ tokens, userId }, { timestamp })
  await ingest([at('2026-05-18T10:00:00Z', 1)])
  await ingest([at('2026-04-30T23:59:59.999Z', 10), at('2026-05-01T00:00:00Z', 100, 'b')])
  await ingest([at('2026-05-18T11:07:42Z', 1000), at('2026-05-02T00:00:00.0009Z', -1)])
  assert.deepEqual([await usage('tokens'), await usage('users')], [1100, 2])
  try {
    clock.moveTo(Date.parse('2026-06-01T00:30:00Z'))
    assert.deepEqual([await usage('tokens'), await usage('users')], [0, 0])
    await ingest([at('2026-05-31T00:00:00Z', 5, 'c'), at('2026-06-01T01:00:00Z', 7)])
    assert.deepEqual([await usage('tokens'), await usage('users')], [7, 1])
  } finally {
    clock.moveTo(null)
  }
})

test('an event ahead of its period counts when the period begins', async () => {
  const { ingest, usage } = await openShop(world, MONTHLY)
  try {
    clock.moveTo(Date.parse('2026-05-31T23:30:00Z'))
    await ingest([call({ tokens: 3, userId: 'a' }, { timestamp: '2026-06-01T00:10:00Z' })])
    assert.equal(await usage('tokens'), 0)
    clock.moveTo(Date.parse('2026-06-01T00:20:00Z'))
    assert.deepEqual([await usage('tokens'), await usage('users')], [3, 1])
    await ingest([call({ tokens: 4, userId: 'a' })])
    await ingest([call({ tokens: 5, userId: 'b' })])
    assert.deepEqual([await usage('tokens'), await usage('users')], [12, 2])
  } finally {
    clock.moveTo(null)
  }
})

test('a meter counts only events that arrive after its creation', async () => {
  const { tenant, ingest, usage } = await openShop(world, { tokens: {} })
  const event = () => call({ input: 1, output: 10 })
  await ingest([event()])
  assert.equal(await usage('tokens'), 0)
  await tenant.ok('v1.features.updateFeature', {
    params: { id: 'tokens' },
    body: { meter: { aggregation: { function: 'SUM', field: 'output' }, filters: [] } },
  })
  await ingest([event()])
  assert.equal(await usage('tokens'), 10)
})

test('an event that no meter counts is accepted and stored', async () => {
  const { tenant, ingest } = await openShop(world, {})
  await ingest([call({ any: 'thing' })])
  const rows = await app.db.withClient(
    async (client) =>
      (
        await client.query<Record<string, string>>(
          `select event_name, dimensions, feature_keys from usage_events where environment_key = $1`,
          [tenant.scope.environmentKey],
        )
      ).rows,
  )
  assert.deepEqual(rows, [
    { event_name: 'call', dimensions: '{"any": "thing"}', feature_keys: '{}' },
  ])
})

const bad = { status: 400, code: 'BadUserInput' } as const
const REFUSALS: [string, object, Required<ExpectedRefusal>][] = [
  [
    'an unknown customer',
    { customerId: 'nobody' },
    notFound('CustomerNotFound', /events\[1\].*nobody/),
  ],
  [
    'an archived customer',
    { customerId: 'orrery' },
    badRequest('EntityIsArchivedError', /events\[1\].*orrery/),
  ],
  [
    'an unknown resource',
    { resourceId: 'site' },
    notFound('CustomerResourceNotFound', /events\[1\].*site/),
  ],
  [
    'an instant too far ahead',
    { timestamp: instantToWire(clock.now() + HOUR_MS + 1) },
    badRequest('InvalidArgumentError', /events\[1\]\.timestamp/),
  ],
  [
    'a number that no usage holds',
    { dimensions: { tokens: 1e16 } },
    badRequest('EntitlementUsageOutOfRangeError', /events\[1\]\.dimensions\.tokens/),
  ],
  [
    'an event that is too large',
    { dimensions: { text: 'ä'.repeat(32_768) } },
    { ...bad, message: /events\[1\].*64 kB/ },
  ],
  ['an event without a key', { idempotencyKey: undefined }, { ...bad, message: /idempotencyKey/ }],
  ['an event without a name', { eventName: '' }, { ...bad, message: /events\[1\]\.eventName/ }],
  [
    'a dimension that is null',
    { dimensions: { a: null } },
    { ...bad, message: /events\[1\]\.dimensions/ },
  ],
]
for (const [name, event, refusal] of REFUSALS)
  test(`${name} causes the refusal of all events of the request`, async () => {
    const { tenant, ingest, usage } = await openShop(world, FEATURES, ['acme', 'orrery'])
    await tenant.ok('v1.customers.archive', { params: { id: 'orrery' } })
    const good = call({ tokens: 1 })
    const events = [good, { ...call({ tokens: 1 }), ...event }]
    await tenant.refused(
      'v1.events.report',
      { body: { events: events.map((each) => ({ customerId: 'acme', ...each })) } },
      refusal,
    )
    assert.equal(await usage('calls'), 0)
    await ingest([good])
    assert.equal(await usage('calls'), 1)
  })

test('a thousand events in a body of 15 MB count, and a request with one more event is refused', async () => {
  const { tenant, ingest, usage } = await openShop(world, FEATURES)
  const text = 'x'.repeat(15_000)
  const events = Array.from({ length: 1000 }, () => call({ tokens: 2, text }))
  await ingest(events)
  assert.deepEqual([await usage('calls'), await usage('tokens')], [1000, 2000])
  const body = { events: [...events, call()].map((each) => ({ customerId: 'acme', ...each })) }
  await tenant.refused('v1.events.report', { body }, { ...bad, message: /events/ })
  const large = { events: [{ ...call(), dimensions: { text: 'x'.repeat(17_000_000) } }] }
  await tenant.refused('v1.events.report', { body: large }, { status: 413, code: null })
})

test('texts with special characters are stored unchanged', async () => {
  const { ingest, usage } = await openShop(world, { users: FEATURES.users })
  const values = [
    'NULL',
    '',
    '"',
    '\\',
    '{a,b}',
    "'; drop table usage_events; --",
    '日本',
    '\u{1F600}',
  ]
  await ingest(values.map((userId) => call({ userId })))
  await ingest(values.map((userId) => call({ userId })))
  assert.equal(await usage('users'), values.length)
})
