import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorldApart } from '../../test/support/world.ts'
import type { App } from '../app.ts'
import { column, row, sql } from '../db/index.ts'
import { outboxPurge } from '../events/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { correctDueTimes, runDueWork, schedule } from './due-work.ts'
import { purgeWork } from './purge.ts'

const DAY_MS = 86_400_000
const world = await openWorldApart()

/**
 * Returns the application of a server whose clock is wrong, without the comparison that notices it.
 */
const wrongBy = (offsetMs: number): App => {
  const clock: Clock = {
    now: () => Date.now() + offsetMs,
    isTest: false,
    standing: () => null,
  }
  return { ...world.bursar.app, clock }
}
const right = wrongBy(0)

const dueRow = row({ dueAt: column.instant, attempts: column.integer })
const dueOf = ({ environmentKey }: Scope, kind: string) =>
  right.db.read.one(
    dueRow,
    sql`
    select due_at, attempts from due_work
    where environment_key = ${environmentKey}::uuid and kind = ${kind}::text`,
  )

test('work is due when it is due by both clocks, and gets the earlier time', async () => {
  const { scope } = await world.tenant()
  const work = { scope, customerKey: null, kind: 'test.both', subject: 's' }
  const told: number[] = []
  const handlers = {
    'test.both': async (_: unknown, __: unknown, now: number) => {
      told.push(now)
      return null
    },
  }
  const dueAt = Date.now() + DAY_MS / 2
  await right.db.transaction((tx) => schedule(tx, right, { ...work, dueAt }))
  await runDueWork(wrongBy(400 * DAY_MS), handlers)
  assert.deepEqual(told, [])
  await right.db.transaction((tx) => schedule(tx, right, { ...work, dueAt: Date.now() - 1 }))
  await runDueWork(wrongBy(-DAY_MS), handlers)
  assert.deepEqual(told, [])
  await runDueWork(wrongBy(400 * DAY_MS), handlers)
  assert.equal(told.length, 1)
  assert.ok(told.every((now) => now <= Date.now()))
})

test('a clock that is ahead deletes nothing that is recent by the other clock', async () => {
  const tenant = await world.tenant()
  world.clock.moveTo(Date.now())
  await tenant.ok('v1.customers.provision', { body: { id: 'young' } })
  await right.db.transaction((tx) =>
    tx.execute(sql`
      update due_work set due_at = '2020-01-01T00:00:00Z'
      where environment_key = ${tenant.scope.environmentKey}::uuid and kind = ${outboxPurge.kind}`),
  )
  assert.ok((await runDueWork(wrongBy(400 * DAY_MS), purgeWork([outboxPurge]))) > 0)
  assert.deepEqual(
    (await tenant.announced()).map(({ objectId }) => objectId),
    ['young'],
  )
  const { dueAt } = await dueOf(tenant.scope, outboxPurge.kind)
  assert.ok(dueAt <= Date.now() + DAY_MS)
})

test('work that a wrong clock scheduled in the far future is corrected, and nothing else is', async () => {
  const { scope } = await world.tenant()
  const now = Date.now()
  const [customerKey, far] = [right.ids.next(now), now + 400 * DAY_MS]
  const noted = (kind: string, own: typeof customerKey | null, dueAt: number) =>
    right.db.transaction((tx) =>
      schedule(tx, wrongBy(dueAt - now), { scope, customerKey: own, kind, subject: 's', dueAt }),
    )
  await noted('test.again', null, far)
  await noted('test.soon', null, now + DAY_MS / 2)
  await noted('test.end', customerKey, far)
  await noted('test.failed', customerKey, far)
  await right.db.transaction((tx) =>
    tx.execute(sql`update due_work set attempts = 3 where kind = 'test.failed'`),
  )
  const soon = await dueOf(scope, 'test.soon')
  await correctDueTimes(wrongBy(400 * DAY_MS))
  for (const kind of ['test.again', 'test.failed']) {
    const { dueAt, attempts } = await dueOf(scope, kind)
    assert.ok(dueAt >= now && dueAt <= Date.now(), kind)
    assert.equal(attempts, 0)
  }
  assert.deepEqual(await dueOf(scope, 'test.soon'), soon)
  assert.equal((await dueOf(scope, 'test.end')).dueAt, far)
})
