import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { column, readValue, sql } from '../db/index.ts'
import { publishEntitlements, publisherInTask } from '../handlers.ts'
import { runDueWork } from '../jobs/due-work.ts'
import { taskWork } from '../tasks/index.ts'
import { importTask } from './import-task.ts'
import { migrationTask } from './migration-task.ts'
import { subscriptionWork } from './settle-work.ts'

const world = await openWorldApart({}, { isGuarded: true })
// Only the tests do due work here, or a task would go on between two of their requests.
await world.bursar.jobs.stop()
const handlers = {
  ...subscriptionWork(publishEntitlements),
  ...taskWork({
    SUBSCRIPTION_MIGRATION: migrationTask(publisherInTask),
    SUBSCRIPTION_IMPORT: importTask(publisherInTask),
  }),
}
const to = subscriptionsIn(world, () => runDueWork(world.bursar.app, handlers))
const { finish, open, provision, publishAgain, publishForAll, tenant } = to

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}
const hasSso = async (id = 'acme', query: Record<string, string> = {}): Promise<boolean> => {
  const request = { params: { id }, query: { featureId: 'sso', ...query } }
  return (await tenant().ok('v1.customers.checkEntitlement', request)).data.isGranted
}
const counts = ({ status, progress, total, done, failed }: Awaited<ReturnType<typeof finish>>) => [
  ...[status, progress, total, done, failed],
]

test('a version for all customers moves subscriptions of the plan and of what inherits it', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  await provision({ id: 'b', planId: 'pro', customerId: 'other' })
  await provision({ id: 'c', planId: 'deal', customerId: 'payer' })
  const events = (await to.announced()).length
  const id = await publishForAll('plans', 'basic')
  const task = await finish(id)
  assert.deepEqual(counts(task), ['COMPLETED', 100, 2, 2, 0])
  assert.equal(task.type, 'SUBSCRIPTION_MIGRATION')
  assert.deepEqual(task.package, { type: 'PLAN', id: 'basic', version: 2 })
  assert.deepEqual(
    [await hasSso(), await hasSso('other'), await hasSso('payer')],
    [true, true, false],
  )
  assert.deepEqual((await to.announced(events)).toSorted(), ['updated a', 'updated b'])
  const { data } = await tenant().ok('v1.tasks.list')
  assert.deepEqual(data, [task])
})

test('a version of an add-on moves the subscriptions that have it', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', addons: [{ id: 'more', quantity: 1 }] })
  await provision({ id: 'b', planId: 'basic', customerId: 'other' })
  const task = await finish(await publishForAll('addons', 'more'))
  assert.deepEqual(counts(task), ['COMPLETED', 100, 1, 1, 0])
  assert.deepEqual(task.package, { type: 'ADDON', id: 'more', version: 2 })
  assert.deepEqual([await hasSso(), await hasSso('other')], [true, false])
})

test('all lines of a customer move in one transaction, and what has ended or not started stays', async () => {
  await fresh()
  for (const resourceId of ['one', 'two', 'three'])
    await provision({ id: resourceId, planId: 'site', resourceId })
  await to.cancel('three')
  const startDate = '2026-08-01T00:00:00Z'
  await provision({ id: 'later', planId: 'site', resourceId: 'three', startDate })
  const before = (await tenant().announced()).length
  assert.deepEqual(counts(await finish(await publishForAll('plans', 'site'))), [
    ...['COMPLETED', 100, 1, 1, 0],
  ])
  const published = (await tenant().announced()).slice(before).map(({ type }) => type)
  assert.deepEqual(
    published.filter((type) => /^(subscription|entitlements)/.test(type)),
    [...Array(2).fill('subscription.updated'), ...Array(2).fill('entitlements.updated')],
  )
  assert.equal(await hasSso('acme', { resourceId: 'two' }), true)
  assert.equal(await hasSso('acme', { resourceId: 'three' }), false)
  await to.goTo(startDate)
  assert.equal(await hasSso('acme', { resourceId: 'three' }), true)
})

test('what has started before the publication and is stored later moves too', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic', startDate: '2026-06-01T00:00:00Z' })
  world.clock.moveTo(Date.parse('2026-06-02T00:00:00Z'))
  assert.deepEqual(counts(await finish(await publishForAll('plans', 'basic'))), [
    ...['COMPLETED', 100, 1, 1, 0],
  ])
  assert.equal(await hasSso(), true)
})

test('a newer publication takes the place of a task, and moves everything to its version', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const older = await publishForAll('plans', 'basic')
  const newer = await publishForAll('plans', 'basic')
  assert.deepEqual(counts(await finish(older)), ['CANCELED', 0, 0, 0, 0])
  assert.deepEqual(counts(await finish(newer)), ['COMPLETED', 100, 1, 1, 0])
  const { app } = world.bursar
  const pins = sql`select pins -> 0 ->> 'version' from subscription_revisions
    where environment_key = ${tenant().scope.environmentKey}::uuid and until is null`
  assert.equal(await readValue(app.db.read, column.text, pins), '3')
})

test('a task that is behind newer versions moves to its own', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const task = await publishForAll('plans', 'basic')
  await publishAgain('basic')
  await to.goTo('2026-05-20T00:00:00Z')
  assert.deepEqual(counts(await finish(task)), ['COMPLETED', 100, 1, 1, 0])
  await tenant().ok('v1.subscriptions.migrate', { params: { id: 'a' }, body: {} })
})

test('a task that is canceled moves nobody, and stays canceled', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'basic' })
  const id = await publishForAll('plans', 'basic')
  const { data: canceled } = await tenant().ok('v1.tasks.cancel', { params: { id } })
  assert.equal(canceled.status, 'CANCELED')
  assert.deepEqual(await finish(id), canceled)
  const { data: again } = await tenant().ok('v1.tasks.cancel', { params: { id } })
  assert.deepEqual(again, canceled)
  assert.equal(await hasSso(), false)
  await tenant().ok('v1.subscriptions.migrate', { params: { id: 'a' }, body: {} })
  assert.equal(await hasSso(), true)
})

test('a customer that cannot be moved is counted, and the others move', async () => {
  await fresh()
  await provision({ id: 'a', planId: 'pro' })
  await provision({ id: 'b', planId: 'basic', customerId: 'other' })
  // There is no such version.
  await tenant().execute(sql`
    with changed as (
      update subscription_revisions set pins = jsonb_set(pins, '{0,version}', '99')
      where environment_key = ${tenant().scope.environmentKey}::uuid
        and jsonb_array_length(pins) > 1
      returning customer_key
    )
    update customer_heads head set usage_version = gen_random_uuid(),
      structure_version = gen_random_uuid()
    from changed where head.customer_key = changed.customer_key`)
  const id = await publishForAll('plans', 'basic')
  const task = await finish(id, 10_000)
  assert.deepEqual(counts(task), ['PARTIALLY_FAILED', 100, 2, 1, 1])
  const message = 'an unexpected error occurred'
  assert.deepEqual(task.errors, [{ index: 0, id: 'acme', message, code: null }])
  assert.equal(await hasSso('other'), true)
})

test('tasks are of one environment, and an unknown one is a 404', async () => {
  await fresh()
  const id = await publishForAll('plans', 'basic')
  const elsewhere = await world.tenant()
  for (const verb of ['retrieve', 'cancel'] as const)
    await elsewhere.refused(`v1.tasks.${verb}`, { params: { id } }, { status: 404, code: null })
})
