import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, openAgency, params } from '../../test/support/agency.ts'
import { runCli, urlOf } from '../../test/support/cli-process.ts'
import { everythingIn, newMigratedDatabase, query } from '../../test/support/databases.ts'
import { shownChains, verdict } from '../../test/support/decisions.ts'
import { grantItem, grantTo } from '../../test/support/grants.ts'
import { openCompany, useCompany } from '../../test/support/metered-company.ts'
import { randomFrom, seedOf } from '../../test/support/random.ts'
import { differencesOf } from '../../test/support/verified.ts'
import { openWorld, type World } from '../../test/support/world.ts'
import { ensureDefaultEnvironment } from '../access/index.ts'
import { counterPurge } from '../budgets/index.ts'
import { runDueWork } from '../jobs/due-work.ts'
import { purgeWork } from '../jobs/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { makePartitions } from '../metering/records/index.ts'
import { usagePurge } from '../metering/retention/index.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const WRONG_MS = 400 * DAY_MS

type TestHandle = Parameters<typeof newMigratedDatabase>[0]

/** Starts a server on a database that only this test uses. */
async function openApart(t: TestHandle) {
  const connection = await newMigratedDatabase(t)
  const world = await openWorld({}, { apart: connection })
  await world.bursar.jobs.stop()
  await ensureDefaultEnvironment(world.bursar.app)
  const DATABASE_URL = urlOf(connection)
  const run = (...args: string[]) => runCli(args, { DATABASE_URL })
  return { connection, world, run, clock: (...args: string[]) => run('repair', 'clock', ...args) }
}

/**
 * Sets the clock of a world to a minute ago, which counts as right. Budgets of several days begin
 * with the day of their creation, so no window ends while a test runs.
 */
const putRight = ({ clock }: World): void => clock.moveTo(systemClock.now() - MINUTE_MS)
const putWrong = ({ clock }: World): void => clock.moveTo(systemClock.now() + WRONG_MS)

/** Runs the repair and asserts that nothing lies in the future afterwards. */
async function assertRepaired(place: Awaited<ReturnType<typeof openApart>>) {
  const { connection, world, run, clock } = place
  // Otherwise it would write counts of decisions between two comparisons.
  await world.bursar.decisionWriter.stop()
  const before = await everythingIn(connection)
  const dry = await clock()
  assert.equal(dry.code, 1, dry.stderr)
  assert.match(dry.stderr, /nothing was changed: bursar repair clock --apply/)
  assert.deepEqual(await everythingIn(connection), before)
  const doctor = await run('doctor')
  assert.match(doctor.stdout, /from the future/)
  assert.match(doctor.stdout, /bursar repair clock/)

  const applied = await clock('--apply')
  assert.equal(applied.code, 0, applied.stdout + applied.stderr)
  assert.equal(applied.stdout.split('\n\n')[0], dry.stdout.trimEnd())
  const after = await everythingIn(connection)
  const again = await clock('--apply')
  assert.equal(again.code, 0, again.stdout)
  assert.match(again.stdout, /^no instant is later than /)
  assert.deepEqual(await everythingIn(connection), after)
  assert.doesNotMatch((await run('doctor')).stdout, /from the future/)
  const verified = await run('verify')
  assert.equal(verified.code, 0, verified.stdout)
  world.clock.moveTo(systemClock.now())
  return { dry, before, after }
}

test('usage that was counted with a wrong clock counts in the current windows', async (t) => {
  const place = await openApart(t)
  const { world } = place
  putRight(world)
  const company = await openAgency(world, {
    limits: { 'org P365D': 100, 'team P30D': 60, 'ann P7D': 30 },
  })
  const uses = {
    ...company,
    chains: async () => shownChains(await company.check(null, ANN)).flat(),
  }
  await uses.consume(4, ANN)
  const open = await uses.held(1, ANN, { ttlSeconds: 86_400 })
  const key = { idempotencyKey: 'wrong' }
  putWrong(world)
  await uses.consume(7, ANN, key)
  const held = await uses.held(3, ANN, { ttlSeconds: 3600 })
  await uses.report(6, ANN)
  await assertRepaired(place)

  assert.deepEqual(await uses.chains(), ['ann 17/30', 'team 17/60', 'org 17/100'])
  assert.equal(verdict(await uses.consume(7, ANN, key)), 'granted recorded')
  assert.equal(verdict(await uses.consume(10, ANN)), 'BudgetExceeded')
  await uses.commit(held.id)
  await uses.commit(open.id)
  assert.equal(verdict(await uses.consume(9, ANN)), 'granted recorded')
  assert.equal(verdict(await uses.consume(1, ANN)), 'BudgetExceeded')
  assert.deepEqual(await differencesOf(world, company.tenant), {})
})

test('while the clock is repaired, servers keep counting, and nothing is lost or counted twice', async (t) => {
  const { world, run, clock } = await openApart(t)
  putRight(world)
  const { tenant, consume, check } = await openAgency(world, {
    limits: { 'org P30D': null, team: null, ann: null },
  })
  putWrong(world)
  await consume(5, ANN)
  let isOver = false
  const repairing = clock('--apply').finally(() => {
    isOver = true
  })
  let used = 5
  do {
    world.clock.moveTo(systemClock.now())
    assert.equal(verdict(await consume(1, ANN)), 'granted recorded')
    used += 1
  } while (!isOver)
  assert.equal((await repairing).code, 0)
  world.clock.moveTo(systemClock.now())
  await consume(1, ANN)
  const shown = shownChains(await check(null, ANN)).flat()
  assert.equal(shown.at(-1), `org ${used + 1}/∞`)
  assert.deepEqual(await differencesOf(world, tenant), {})
  assert.equal((await run('verify')).code, 0)
})

test('after any usage, counters agree with the records, and no other customer has changed', async (t) => {
  const place = await openApart(t)
  const { world } = place
  const random = randomFrom(seedOf(t), 1)
  world.clock.moveTo(systemClock.now() - 60 * DAY_MS)
  const company = await openCompany(world)
  const other = await openCompany(world)
  for (const each of [company, other]) await useCompany(each, world, { random, steps: 8 })
  putWrong(world)
  await useCompany(company, world, { random, steps: 12 })
  const { before, after } = await assertRepaired(place)
  const ofOther = (lines: readonly string[] = []) =>
    lines.filter((line) => line.includes(`"${other.customerKey}"`))
  for (const [table, lines] of Object.entries(before))
    assert.deepEqual(ofOther(after[table]), ofOther(lines), table)
  for (const table of ['usage_events', 'usage_keys', 'reservations', 'outbox'])
    assert.equal(after[table]?.length, before[table]?.length, table)
  assert.deepEqual(await differencesOf(world, company.tenant), {})
  const keptUntil = rowsOf(after.usage_keys).map(({ kept_until }) => Date.parse(String(kept_until)))
  assert.ok(Math.max(...keptUntil) <= world.clock.now() + 35 * DAY_MS)
  const now = world.clock.now()
  const isLate = (instant: string) => Date.parse(instant) > now + 2 * 3_600_000
  for (const line of after.usage_events ?? []) {
    const { occurred_at, accepted_at, assignment_windows } = JSON.parse(line)
    assert.deepEqual([occurred_at, accepted_at, ...(assignment_windows ?? [])].filter(isLate), [])
  }
  for (const table of ['usage_totals', 'usage_marks', 'budget_counters'])
    assert.deepEqual(
      rowsOf(after[table])
        .map(({ window_start }) => String(window_start))
        .filter(isLate),
      [],
      table,
    )
})

test('windows that were purged because of a wrong clock are rebuilt', async (t) => {
  const place = await openApart(t)
  const { world } = place
  const { app } = world.bursar
  putRight(world)
  const company = await openAgency(world, {
    limits: { 'org P30D': 100, team: null, ann: null },
  })
  await company.consume(4, ANN)
  putWrong(world)
  await company.consume(7, ANN)
  for (let part = 0; part < 5; part += 1) {
    await runDueWork(app, purgeWork([usagePurge, counterPurge]))
    world.clock.moveTo(world.clock.now() + MINUTE_MS)
  }
  const [head] = await query(place.connection, 'select closed_until from customer_heads')
  assert.match(String(head?.closed_until), /^20(2[7-9]|[3-9])/)
  const { after } = await assertRepaired(place)
  assert.equal(shownChains(await company.check(null, ANN))[0]?.at(-1), 'org 11/100')
  assert.doesNotMatch(String(after.customer_heads), /"closed_until": "20(2[7-9]|[3-9])/)
})

const PARTITIONS = `
  select inhrelid::regclass as name from pg_inherits where inhparent = 'usage_events'::regclass`

const rowsOf = (lines: readonly string[] = []) =>
  lines.map((line) => JSON.parse(line) as Record<string, string>)

test('objects, promotional entitlements, events and partitions are corrected in their order', async (t) => {
  const place = await openApart(t)
  const { world, connection } = place
  putRight(world)
  const { tenant, budget, report } = await openAgency(world, {
    limits: { 'org P30D': 5, team: null, 'ann P7D': null },
  })
  await tenant.ok('v1Beta.governance.updateThresholdConfig', { body: { thresholds: [50] } })
  for (const id of ['revoked', 'changed', 'month', 'again'])
    await tenant.ok('v1.features.createFeature', {
      body: { id, displayName: id, featureType: 'BOOLEAN' },
    })
  const week = grantItem('again', { period: '1 week' })
  await grantTo(tenant, [grantItem('revoked'), grantItem('changed'), week])
  await report(4, ANN)
  const partitions = await query(connection, PARTITIONS)
  putWrong(world)
  await makePartitions(world.bursar.app)
  await report(3, ANN)
  await budget({ 'ann P30D': 100, 'org P30D': 7 })
  const ofGrant = (featureId: string) => ({ params: { ...params, featureId } })
  await tenant.ok('v1.customers.promotionalEntitlements.revoke', ofGrant('revoked'))
  await tenant.ok('v1.customers.promotionalEntitlements.update', {
    ...ofGrant('changed'),
    body: { isVisible: false },
  })
  await grantTo(tenant, [grantItem('month', { period: '1 month' }), grantItem('again')])
  await tenant.ok('v1.customers.provision', { body: { id: 'from-2028' } })
  await tenant.ok('v1.customers.archive', { params: { id: 'from-2028' } })
  const announced = await tenant.announced()
  const { dry, after } = await assertRepaired(place)
  for (const found of [/^usage_events +partitions +3 /m, /^customers +archived_at +1 /m])
    assert.match(dry.stdout, found)
  assert.deepEqual(await tenant.announced(), announced)
  assert.deepEqual(await query(connection, PARTITIONS), partitions)

  const now = world.clock.now()
  const ends = rowsOf(after.promotional_entitlements).map(({ ends_at }) => ends_at)
  assert.equal(ends.filter((at) => at === 'infinity').length, 3)
  const finite = ends.filter((at) => at !== 'infinity').toSorted()
  assert.equal(
    finite.filter((at) => Date.parse(String(at)) <= now).length,
    3,
    'revoked, changed, granted again',
  )
  assert.ok(finite.length === 4 && Date.parse(String(finite.at(-1))) < now + 32 * DAY_MS)
  const work = rowsOf(after.due_work).filter(({ kind }) => kind === 'promotional_entitlement.end')
  assert.deepEqual(
    work.map(({ due_at }) => due_at),
    finite.slice(-1),
  )
  assert.equal(after.fired_thresholds?.length, 1)
  await report(1, ANN)
  assert.equal((await tenant.announced()).length, announced.length)
})

test('the present can be given as an option, and must be given if the clock is a test clock', async (t) => {
  const { world, connection, clock } = await openApart(t)
  world.clock.moveTo(Date.UTC(2026, 4, 18))
  const { consume } = await openAgency(world, {
    limits: { 'org P30D': 100, team: null, ann: null },
  })
  world.clock.moveTo(Date.UTC(2026, 5, 20))
  await consume(3, ANN)
  const environment = { DATABASE_URL: urlOf(connection), BURSAR_TEST_CLOCK: '1' }
  const unsaid = await runCli(['repair', 'clock'], environment)
  assert.equal(unsaid.code, 1)
  assert.match(unsaid.stderr, /pass the present time with --at/)
  for (const at of ['yesterday', '2026-05-18', '2026-13-18T00:00:00Z']) {
    const { code, stderr } = await clock('--at', at)
    assert.equal(code, 2, at)
    assert.match(stderr, /--at must be an instant/)
  }
  const later = await clock('--at', '2100-01-01T00:00:00Z')
  assert.equal(later.code, 1)
  assert.match(later.stderr, /--at is in the future/)
  const at = '2026-05-19T08:00:00.000Z'
  const { code, stdout } = await clock('--apply', '--json', '--at', '2026-05-19T10:00+02:00')
  assert.equal(code, 0)
  const outcome = JSON.parse(stdout)
  assert.partialDeepStrictEqual(outcome, { at, customers: 1, left: [] })
  assert.ok(outcome.found.some((each: object) => Object.hasOwn(each, 'farthest')))
  const [head] = await query(connection, 'select decided_at from customer_heads')
  assert.equal(head?.decided_at, '2026-05-19 08:00:00+00')
})
