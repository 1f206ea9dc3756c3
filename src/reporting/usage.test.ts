import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { addMetered } from '../../test/support/furnish.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openTwoServers, openWorld, type Tenant } from '../../test/support/world.ts'

const world = await openWorld()

const TODAY = '2026-05-18T00:00:00.000Z'
const YESTERDAY = '2026-05-17T00:00:00.000Z'
const BOB = { userId: 'bob' }

type Query = Record<string, string>
const series = async (tenant: Tenant, query: Query = {}) =>
  (await tenant.ok('v1.usage.series', { query: { featureId: FEATURE, ...query } })).data
const top = async (tenant: Tenant, query: Query = {}) =>
  (await tenant.ok('v1.usage.top', { query: { featureId: FEATURE, ...query } })).data

/** More customers, with so much usage today. */
async function addCustomers(tenant: Tenant, usage: Readonly<Record<string, number>>) {
  for (const id of Object.keys(usage)) await tenant.ok('v1.customers.provision', { body: { id } })
  const usages = Object.entries(usage).map(([customerId, value]) => ({
    ...{ customerId, featureId: FEATURE, value },
  }))
  for (const { customerId } of usages)
    await grantTo(tenant, [grantItem(FEATURE, { usageLimit: 1000 })], customerId)
  await tenant.ok('v1.usage.report', { body: { usages } })
}

test('values are what was used in each interval, with late and negative usage in its own day', async () => {
  const { tenant, report, consume } = await openAgency(world)
  await report(5)
  await report(7, {}, { createdAt: '2026-05-17T23:59:59.999Z' })
  await report(-2, {}, { createdAt: '2026-05-17T00:00:00.000Z' })
  await report(9, {}, { createdAt: '2026-05-16T12:00:00.000Z' })
  await consume(1.5)
  const range = { from: '2026-05-17T10:00:00Z', to: '2026-05-18T10:00:00Z' }
  const found = await series(tenant, range)
  assert.deepEqual(found.timestamps, [YESTERDAY, TODAY])
  assert.deepEqual(
    found.series.map(({ kind, values, total }) => [kind, values, total]),
    [['ALL', [5, 6.5], 11.5]],
  )
  assert.equal(found.unattributed, null)
  const months = await series(tenant, { interval: 'month', customerId: params.id })
  assert.equal(months.timestamps.length, 12)
  assert.deepEqual(months.series[0]?.values.slice(-2), [0, 20.5])
})

test('usage by hour is that of the records, for named customers', async () => {
  const { tenant, report } = await openAgency(world)
  await report(5, {}, { createdAt: '2026-05-18T08:00:00.000Z' })
  await report(6, {}, { createdAt: '2026-05-18T08:59:59.999Z' })
  await report(7)
  const found = await series(tenant, {
    ...{ interval: 'hour', customerId: params.id },
    from: '2026-05-18T08:00:00Z',
  })
  assert.deepEqual(found.series[0]?.values, [11, 0, 7])
})

const CSV = 'text/csv'
const csvOf = (tenant: Tenant, query: Query, accept = CSV) =>
  tenant.call('v1.usage.series', {
    query: { featureId: FEATURE, ...query },
    headers: { accept },
  })

test('a request that prefers CSV gets the same values, a row for each', async () => {
  const { tenant, report } = await openAgency(world)
  await report(-2, {}, { createdAt: '2026-05-17T00:00:00.000Z' })
  await report(15)
  const { text, headers } = await csvOf(tenant, { from: YESTERDAY })
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present')
  assert.equal(
    text,
    [
      'start,kind,customerId,entityId,name,usage',
      '2026-05-17T00:00:00.000Z,ALL,,,,-2',
      '2026-05-18T00:00:00.000Z,ALL,,,,15',
      '',
    ].join('\r\n'),
  )
})

test('CSV is only for who prefers it', async () => {
  const { tenant } = await openAgency(world)
  const table: [accept: string, isCsv: boolean][] = [
    ['*/*', false],
    ['application/json, text/csv', false],
    ['text/csv, application/json;q=0.9', true],
    ['text/*', true],
    ['text/csv;q=0.1, */*;q=0.2', false],
    ['text/csv;q=0', false],
    ['image/png', false],
    [`${'a'.repeat(2000)};;;q=,,/`, false],
  ]
  for (const [accept, isCsv] of table) {
    const { status, headers } = await csvOf(tenant, {}, accept)
    const type = String(headers['content-type'])
    assert.deepEqual([status, type.startsWith(CSV)], [200, isCsv], accept)
  }
  const refused = await csvOf(tenant, { featureId: 'nothing' })
  assert.equal(refused.refusal?.code, 'FeatureNotFound')
})

test('texts of CSV that a spreadsheet would run get an apostrophe, unless they are wanted raw', async () => {
  const { tenant } = await openAgency(world)
  const names = ['=1+1', '+1', '-1', '@a', '\ta', '\ra', 'a "quote", and\na line']
  const isFormula = (name: string) => /^[=+\-@\t\r]/.test(name)
  await addCustomers(tenant, Object.fromEntries(names.map((_, at) => [`c${at}`, at + 1])))
  for (const [at, name] of names.entries())
    await tenant.ok('v1.customers.update', { params: { id: `c${at}` }, body: { name } })
  const query = { groupBy: 'customer', from: TODAY }
  const namesIn = async (raw: string) => {
    const { text } = await csvOf(tenant, { ...query, raw })
    const rows = parse(text, { columns: true }) as { name: string }[]
    return rows.map((row) => row.name).sort()
  }
  const guarded = names.map((name) => (isFormula(name) ? `'${name}` : name))
  assert.deepEqual(await namesIn('false'), guarded.toSorted())
  assert.deepEqual(await namesIn('true'), names.toSorted())
})

test('entities have a series each, and usage that named none is apart', async () => {
  const { tenant, report, budget } = await openAgency(world)
  await budget({ bob: 50 })
  await report(3, ANN)
  await report(4, { ...ANN, modelId: 'gpt' })
  await report(2, BOB)
  await report(10, { userId: 'nobody' })
  const asked = { customerId: params.id, groupBy: 'entity', from: TODAY }
  for (const interval of ['day', 'hour']) {
    const found = await series(tenant, { ...asked, interval })
    assert.deepEqual(
      found.series.map(({ kind, entityId, total }) => [kind, entityId, total]),
      [
        ['ENTITY', 'ann', 7],
        ['ENTITY', 'gpt', 4],
        ['ENTITY', 'bob', 2],
        ['UNATTRIBUTED', null, 10],
      ],
    )
    assert.deepEqual([found.total, found.unattributed], [19, 10], 'gpt is counted once')
  }
  const ranked = await top(tenant, { by: 'entity', customerId: params.id, limit: '1' })
  assert.deepEqual(
    [ranked.top.map(({ entityId, usage }) => [entityId, usage]), ranked.rest, ranked.unattributed],
    [[['ann', 7]], { groups: 2, usage: 6 }, 10],
  )
})

test('the largest customers come first, and the rest is one line', async () => {
  const { tenant, report } = await openAgency(world)
  await report(8)
  await addCustomers(tenant, Object.fromEntries([...'abcdefghijk'].map((id, i) => [id, i + 10])))
  const ranked = await top(tenant, { limit: '3' })
  assert.deepEqual(
    ranked.top.map(({ customerId, usage }) => [customerId, usage]),
    [
      ['k', 20],
      ['j', 19],
      ['i', 18],
    ],
  )
  assert.deepEqual([ranked.rest, ranked.total], [{ groups: 9, usage: 116 }, 173])
  const found = await series(tenant, { groupBy: 'customer', from: YESTERDAY })
  assert.equal(found.series.length, 11)
  assert.deepEqual(found.series.at(-1), {
    ...{ kind: 'REST', customerId: null, entityId: null, name: null },
    ...{ total: 18, values: [0, 18] },
  })
  const sum = found.series.reduce((all, { total }) => all + total, 0)
  assert.equal(sum, 173)
  const two = { groupBy: 'customer', customerId: 'a,k', from: TODAY }
  for (const interval of ['day', 'hour'])
    assert.deepEqual(
      (await series(tenant, { ...two, interval })).series.map((each) => [
        ...[each.customerId, each.values.at(-1)],
      ]),
      [
        ['k', 20],
        ['a', 10],
      ],
    )
})

test('usage that was acknowledged is in the sums, however many servers count at once', async () => {
  const [first, second] = await openTwoServers()
  const { tenant, report } = await openAgency(first)
  const other = tenant.through(second)
  let acknowledged = 0
  const usages = [{ customerId: params.id, featureId: FEATURE, value: 1, dimensions: ANN }]
  const count = async (index: number) => {
    if (index % 2 === 0) await report(1, ANN)
    else await other.ok('v1.usage.report', { body: { usages } })
    acknowledged += 1
  }
  const look = async () => {
    const before = acknowledged
    const asked = { customerId: params.id, groupBy: 'entity', from: TODAY }
    const [days, hours] = [
      await series(tenant, asked),
      await series(other, { ...asked, interval: 'hour' }),
    ]
    for (const found of [days, hours]) {
      assert.ok(found.total >= before && found.total <= 40, `${before} ${found.total}`)
      assert.equal(
        found.series[0]?.total ?? 0,
        found.total,
        'days and records are as of one instant',
      )
    }
  }
  await Promise.all([
    ...Array.from({ length: 40 }, (_, index) => count(index)),
    ...Array.from({ length: 5 }, look),
  ])
  assert.equal((await series(other, { from: TODAY })).total, 40)
})

test('a range, a feature or a customer that cannot be read is refused, and the field is named', async () => {
  const { tenant } = await openAgency(world)
  await tenant.ok('v1.features.createFeature', {
    body: { id: 'sso', displayName: 'S', featureType: 'BOOLEAN' },
  })
  await addMetered(tenant, 'peak', {
    meter: { aggregation: { function: 'MAX', field: 'size' }, filters: [] },
  })
  const invalid = { status: 400, code: 'InvalidArgumentError' }
  const rows: [Query, { status: number; code: string; message?: RegExp }][] = [
    [
      { from: TODAY, to: TODAY },
      { ...invalid, message: /from must be before to/ },
    ],
    [{ from: '2010-01-01T00:00:00Z' }, { ...invalid, message: /10 years/ }],
    [{ from: '1969-01-01T00:00:00Z' }, { ...invalid, message: /1970/ }],
    [{ interval: 'hour' }, { ...invalid, message: /name customers/ }],
    [{ groupBy: 'entity' }, { ...invalid, message: /one customer/ }],
    [
      { groupBy: 'entity', customerId: 'acme,acme2' },
      { ...invalid, message: /one customer/ },
    ],
    [
      { interval: 'hour', customerId: params.id, from: '2026-05-11T09:59:59Z' },
      { ...invalid, message: /last 7 days/ },
    ],
    [
      { groupBy: 'customer', from: '2025-05-18T00:00:00Z' },
      { ...invalid, message: /intervals/ },
    ],
    [{ featureId: 'peak' }, { ...invalid, message: /neither a sum nor a count/ }],
    [{ featureId: 'sso' }, { status: 400, code: 'MeteringNotAvailableForFeatureType' }],
    [{ featureId: 'nothing' }, { status: 404, code: 'FeatureNotFound' }],
    [{ customerId: 'nobody' }, { status: 404, code: 'CustomerNotFound' }],
  ]
  for (const [query, refusal] of rows)
    await tenant.refused('v1.usage.series', { query: { featureId: FEATURE, ...query } }, refusal)
  await tenant.refused('v1.usage.top', { query: { featureId: FEATURE, by: 'entity' } }, invalid)
})
