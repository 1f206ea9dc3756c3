import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetsIn, row } from '../../test/support/budgets.ts'
import { NOW, openWorld } from '../../test/support/world.ts'
import { column, row as rowOf, sql } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantFromWire, instantToWire } from '../kernel/clock.ts'
import { quantityToWire, wholeUnits } from '../kernel/quantity.ts'
import { windowOf } from './cadence.ts'
import { type CounterChange, changeCounters, readCounters } from './counter-store.ts'
import { counterName } from './postings.ts'
import { compareCounters, rebuildCounters } from './rebuild.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const now = instantFromWire(NOW)
const world = await openWorld()
const { app } = world.bursar
const { current, fresh, upsert, use } = budgetsIn(world)

/** Creates a team with ann in it, and a budget for each of them. */
async function furnished(cadence = 'P1M') {
  await fresh({ team: 'team', ann: 'user' })
  await budget('team', cadence)
  await upsert(row('ann', { cadence, parentId: 'team' }))
}

const budget = async (entityId: string, cadence: string) => {
  const [saved] = await upsert(row(entityId, { usageLimit: 100, cadence }))
  return required(saved, 'a budget')
}
const record = (amount: number, occurredAt?: Instant) => use('userId=ann', amount, occurredAt)
const differences = async () =>
  (await compareCounters(app.db.read, { ...current(), limit: 100 })).differences

/** Returns the customer and its environment as arguments of stores. */
const owned = () => {
  const { tenant, customerKey } = current()
  return { scope: tenant.scope, customerKey }
}

const counterRow = rowOf({
  id: column.text,
  revision: column.integer,
  windowStart: column.instant,
  usage: column.quantity,
})

/** Returns all counters of the customer as texts: `ann 1 2026-05-01 12`. */
async function counters(): Promise<string[]> {
  const found = await app.db.read.many(
    counterRow,
    sql`
    select e.id, c.revision, c.window_start, c.usage
    from budget_counters c join assignments a using (customer_key, assignment_key)
      join entities e on e.customer_key = a.customer_key and e.entity_key = a.entity_key
    where c.customer_key = ${current().customerKey}::uuid
    order by e.id, c.assignment_key, c.revision, c.window_start`,
  )
  return found.map(({ id, revision, windowStart, usage }) => {
    const start = instantToWire(windowStart).replace(/(T00:00)?:00\.000Z$/, '')
    return `${id} ${revision} ${start} ${quantityToWire(usage)}`
  })
}

test('several postings to one counter are added up', async () => {
  await furnished()
  const assignmentKey = (await budget('ann', 'P1M')).id
  const owner = { ...owned(), assignmentKey, revision: 1 }
  const window = windowOf({ cadence: 'P1M', isLevel: false, createdAt: now }, now)
  const later = windowOf({ cadence: 'P1M', isLevel: false, createdAt: now }, window.end)
  const none = { ...owner, usage: 0n, held: 0n, setAt: null }
  const change = (changes: readonly CounterChange[]) =>
    app.db.transaction((tx) => changeCounters(tx, owner.scope, changes))
  const postings = [3, -1].map((units) => ({ ...none, window, usage: wholeUnits(units) }))
  await change(postings)
  await change([...postings, { ...none, window: later, usage: 1n }, { ...none, window, usage: 5n }])
  await change([])
  const latest = {
    ...owner,
    window: windowOf({ cadence: 'P1M', isLevel: false, createdAt: now }, later.end),
  }
  await change([
    { ...none, window, held: 7n },
    { ...none, ...latest, held: 9n },
    { ...none, ...latest, held: -9n },
  ])
  const found = await readCounters(app.db.read, [
    { ...owner, window },
    { ...owner, window: later },
    latest,
    { ...owner, revision: 2, window },
  ])
  const names = [window, later, latest.window].map((each) => counterName(owner, each))
  const named = (values: bigint[]) => new Map(names.map((name, index) => [name, values[index]]))
  assert.deepEqual(found.counters, named([wholeUnits(4) + 5n, 1n, 0n]))
  assert.deepEqual(found.holds, named([7n, 0n, 0n]))
  assert.deepEqual(await readCounters(app.db.read, []), {
    counters: new Map(),
    holds: new Map(),
    setAts: new Map(),
  })
})

test('a new cadence keeps windows that are over and counts the window in progress again', async () => {
  await furnished()
  world.clock.moveTo(now + 20 * DAY)
  await record(1, now)
  await record(2, now + 20 * DAY - 3 * HOUR)
  await record(4, now + 20 * DAY)
  await use('teamId=team', 8)
  await budget('ann', 'P1D')
  const before = ['ann 1 2026-05-01 1', 'ann 1 2026-06-01 6']
  const team = ['team 1 2026-05-01 1', 'team 1 2026-06-01 14']
  assert.deepEqual(await counters(), [...before, 'ann 2 2026-06-07 6', ...team])
  await record(16)
  await record(32, now + 19 * DAY)
  const days = ['ann 2 2026-06-06 32', 'ann 2 2026-06-07 22']
  assert.deepEqual(await counters(), [
    ...before,
    ...days,
    'team 1 2026-05-01 1',
    'team 1 2026-06-01 62',
  ])
  await budget('ann', 'P1M')
  assert.deepEqual(
    (await counters()).filter((each) => each.startsWith('ann')),
    [...before, ...days, 'ann 3 2026-06-01 54'],
  )
  assert.deepEqual(await differences(), [])
})

test('a new cadence takes over usage that was recorded ahead of its time', async () => {
  await furnished('PT1H')
  await record(1)
  await record(2, now + 55 * MINUTE)
  await budget('ann', 'PT1M')
  assert.deepEqual(
    (await counters()).filter((each) => each.startsWith('ann')),
    [
      'ann 1 2026-05-18T10:00 1',
      'ann 1 2026-05-18T11:00 2',
      'ann 2 2026-05-18T10:07 1',
      'ann 2 2026-05-18T11:02 2',
    ],
  )
  assert.deepEqual(await differences(), [])
})

test('a new limit keeps the counter, and usage before the creation of a budget does not count', async () => {
  await furnished()
  await record(1)
  await upsert({ entityId: 'ann', featureId: 'tokens', usageLimit: 1 })
  await upsert(row('ann', { scopeEntityIds: ['team'] }))
  await record(2)
  await record(4, instantFromWire('2026-04-30T23:59:59.999Z'))
  assert.deepEqual(await counters(), [
    'ann 1 2026-05-01 3',
    'ann 1 2026-05-01 2',
    'team 1 2026-05-01 3',
  ])
})

test('every counter can be rebuilt from the records', async () => {
  await furnished()
  for (const [days, cadence] of [
    [0, 'P1D'],
    [1, 'P1W'],
    [40, 'PT1H'],
    [41, 'P1D'],
  ] as const) {
    world.clock.moveTo(now + days * DAY)
    await record(days + 1)
    await record(-2, now + days * DAY - HOUR)
    await use('teamId=team', 3, now + days * DAY + 59 * MINUTE)
    await budget('ann', cadence)
    await record(5, now)
  }
  const before = await counters()
  const { customerKey } = current()
  assert.deepEqual(await differences(), [])
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`
      delete from budget_counters where customer_key = ${customerKey}::uuid and revision = 2`)
    await tx.execute(sql`
      update budget_counters set usage = usage + 1
      where customer_key = ${customerKey}::uuid and revision = 1`)
  })
  const found = await differences()
  assert.ok(found.length > 2)
  for (const { stored, recounted } of found) assert.notDeepEqual(stored, recounted)
  await app.db.transaction((tx) => rebuildCounters(tx, owned()))
  assert.deepEqual(await counters(), before)
  assert.deepEqual(await differences(), [])
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`delete from budget_counters where customer_key = ${customerKey}::uuid`)
    await rebuildCounters(tx, owned())
  })
  assert.deepEqual(await counters(), before)
})

test('any number of changes of cadence is compared and rebuilt in steps', async () => {
  await furnished()
  await record(3)
  const key = (await budget('ann', 'P1M')).id
  const ofAnn = sql`customer_key = ${current().customerKey}::uuid and assignment_key = ${key}::uuid`
  await app.db.transaction(async (tx) => {
    await tx.execute(sql`update assignments set revision = 2101 where ${ofAnn}`)
    await tx.execute(sql`
      insert into past_cadences (customer_key, assignment_key, revision, environment_key, cadence,
        ended_at)
      select customer_key, assignment_key, past.revision, environment_key, cadence,
        ${instantToWire(now)}::timestamptz
      from assignments cross join generate_series(1, 2100) as past (revision) where ${ofAnn}`)
    await rebuildCounters(tx, owned())
  })
  assert.deepEqual(await differences(), [])
  const ann = (await counters()).filter((each) => each.startsWith('ann'))
  assert.deepEqual(
    ann,
    Array.from({ length: 2101 }, (_, index) => `ann ${index + 1} 2026-05-01 3`),
  )
  const damaged = [1, 2, 1000, 1001, 1002, 2001, 2101]
  await app.db.transaction((tx) =>
    tx.execute(sql`
      update budget_counters set usage = usage - 1
      where ${ofAnn} and revision = any(${damaged}::integer[])`),
  )
  const found = await compareCounters(app.db.read, { ...current(), limit: 4 })
  assert.equal(found.count, damaged.length)
  assert.deepEqual(
    found.differences.map(({ revision }) => revision),
    damaged.slice(0, 4),
  )
  await app.db.transaction((tx) => rebuildCounters(tx, owned()))
  assert.deepEqual(await differences(), [])
})

test('records that are written during changes of cadence count exactly once', async () => {
  await furnished()
  const cadences = ['P1D', 'P1W', 'P1Y', 'P1M', 'PT1H', 'P30D']
  await Promise.all([
    ...cadences.map((cadence) => budget('ann', cadence)),
    ...Array.from({ length: 40 }, () => record(1)),
  ])
  assert.deepEqual(await differences(), [])
  const last = (await counters()).filter((each) => each.startsWith('ann')).at(-1)
  assert.match(last ?? '', /^ann 7 .* 40$/)
})
