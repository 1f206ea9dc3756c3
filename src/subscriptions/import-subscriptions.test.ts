import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { NOW, openWorldApart } from '../../test/support/world.ts'
import { column, readValue, sql } from '../db/index.ts'
import { publishEntitlements, publisherInTask } from '../handlers.ts'
import { runDueWork } from '../jobs/due-work.ts'
import { taskWork } from '../tasks/index.ts'
import { importTask } from './import-task.ts'
import { subscriptionWork } from './settle-work.ts'

const world = await openWorldApart({}, { isGuarded: true })
// Only the tests do due work here, or a task would go on between two of their requests.
await world.bursar.jobs.stop()
const SUBSCRIPTION_IMPORT = importTask(publisherInTask)
const handlers = {
  ...subscriptionWork(publishEntitlements),
  ...taskWork({ SUBSCRIPTION_IMPORT, SUBSCRIPTION_MIGRATION: SUBSCRIPTION_IMPORT }),
}
const to = subscriptionsIn(world, () => runDueWork(world.bursar.app, handlers))
const { announced, finish, get, open, provision, stateOf, tenant } = to

const fresh = async () => {
  world.clock.moveTo(Date.parse(NOW))
  await open()
}
const start = async (subscriptions: object[], more: object = {}): Promise<string> =>
  (await tenant().ok('v1.subscriptions.import', { body: { subscriptions, ...more } })).data.taskId
const imported = async (...subscriptions: object[]) => finish(await start(subscriptions))
const row = (id: string, more: object = {}) => ({
  ...{ id, customerId: 'acme', planId: 'basic' },
  ...more,
})
const refused = (body: object, code: string, status: 400 | 404 = 400) =>
  tenant().refused('v1.subscriptions.import', { body }, { status, code })

test('an import creates subscriptions with all that their rows say', async () => {
  await fresh()
  const { type, status, total, done } = await imported(
    row('a', {
      ...{ startDate: '2026-01-10T00:00:00Z', endDate: '2027-01-10T00:00:00Z' },
      ...{ billingPeriod: 'ANNUALLY', billingId: 'sub_1', metadata: { from: 'elsewhere' } },
      addons: [{ id: 'more', quantity: 2 }],
    }),
    row('b', { customerId: 'other', planId: 'site', resourceId: 'one' }),
  )
  assert.deepEqual([type, status, total, done], ['SUBSCRIPTION_IMPORT', 'COMPLETED', 2, 2])
  const { startDate, endDate, billingPeriod, billingId, metadata, addons, trialEndDate } =
    await get('a')
  assert.deepEqual(
    [startDate, endDate, billingPeriod, billingId, metadata, addons, trialEndDate],
    [
      ...['2026-01-10T00:00:00.000Z', '2027-01-10T00:00:00.000Z', 'ANNUALLY', 'sub_1'],
      ...[{ from: 'elsewhere' }, [{ id: 'more', quantity: 2 }], null],
    ],
  )
  assert.equal((await get('b')).resourceId, 'one')
  await to.goTo('2027-01-11T00:00:00Z')
  assert.equal(await stateOf('a'), 'EXPIRED EXPIRED')
})

test('there are no trials', async () => {
  await fresh()
  await imported(row('a', { planId: 'tried' }))
  assert.equal(await stateOf('a'), 'ACTIVE')
})

test('a repeated import changes nothing, and another one changes what its rows say', async () => {
  await fresh()
  const rows = [
    row('a', { endDate: '2027-01-10T00:00:00Z', billingId: 'sub_1', metadata: { from: 'x' } }),
    row('b', { customerId: 'other', addons: [{ id: 'more', quantity: 1 }] }),
  ]
  await imported(...rows)
  const [events, before] = [(await announced()).length, await to.list()]
  assert.deepEqual((await imported(...rows)).status, 'COMPLETED')
  assert.deepEqual([await announced(events), await to.list()], [[], before])
  const { status } = await imported(
    row('a', { endDate: null, billingId: 'sub_2', metadata: { more: 'y' } }),
    row('b', { customerId: 'other', addons: [] }),
  )
  assert.equal(status, 'COMPLETED')
  const { endDate, billingId, metadata } = await get('a')
  assert.deepEqual([endDate, billingId, metadata], [null, 'sub_2', { from: 'x', more: 'y' }])
  assert.deepEqual((await get('b')).addons, [])
  assert.deepEqual(await announced(events), ['updated a', 'updated b'])
  await imported(row('a', { billingId: 'sub_3' }))
  assert.equal((await get('a')).billingId, 'sub_3')
  assert.deepEqual(await announced(events + 2), ['updated a'])
})

test('a row that is refused is skipped with the reason, and the others are imported', async () => {
  await fresh()
  await provision({ id: 'own', planId: 'pro', customerId: 'payer' })
  const task = await imported(
    row('a', { customerId: 'nobody' }),
    row('b', { planId: 'nothing' }),
    row('c', { endDate: '2026-01-01T00:00:00Z' }),
    row('d', { customerId: 'payer', planId: 'pro' }),
    row('own', { customerId: 'acme', planId: 'pro' }),
    row('own', { customerId: 'payer', planId: 'basic' }),
    row('own', { customerId: 'payer', planId: 'pro', resourceId: 'one' }),
    row('e', { addons: [{ id: 'alone', quantity: 1 }] }),
    row('f'),
  )
  assert.deepEqual(
    [task.status, task.progress, task.total, task.done, task.failed],
    ['PARTIALLY_FAILED', 100, 9, 1, 8],
  )
  assert.deepEqual(
    task.errors.map(({ index, id, code }) => [index, id, code]),
    ['a', 'b', 'c', 'd', 'own', 'own', 'own', 'e'].map((id, index) => [
      ...[index, id, 'FailedToImportSubscriptions'],
    ]),
  )
  const [first] = task.errors
  assert.match(first?.message ?? '', /^subscriptions\[0\] \(a\): customer nobody not found/)
  assert.deepEqual((await to.list()).map(({ id }) => id).toSorted(), ['f', 'own'])
})

test('rows are imported in their order', async () => {
  await fresh()
  await imported(row('a'), row('b', { planId: 'pro' }), row('a', { metadata: { late: 'x' } }))
  assert.equal(await stateOf('a'), 'CANCELED UPGRADE_OR_DOWNGRADE')
  assert.equal(await stateOf('b'), 'ACTIVE')
})

test('one import runs at a time in an environment, and a canceled one makes place', async () => {
  await fresh()
  const id = await start([row('a')])
  await refused({ subscriptions: [row('b')] }, 'ImportAlreadyInProgress')
  await tenant().ok('v1.tasks.cancel', { params: { id } })
  assert.equal((await finish(id)).status, 'CANCELED')
  assert.deepEqual(await to.list(), [])
  assert.equal((await imported(row('b'))).status, 'COMPLETED')
  const input = sql`select string_agg(input::text, ',') from tasks
    where environment_key = ${tenant().scope.environmentKey}::uuid`
  assert.equal(await readValue(world.bursar.app.db.read, column.text, input), '{},{}')
})

test('a retry after the import was canceled gets its response, and starts none', async () => {
  await fresh()
  const body = { subscriptions: [row('a')] }
  const headers = { 'idempotency-key': 'import' }
  const ask = async (retries: string) => {
    const counted = { ...headers, 'x-stainless-retry-count': retries }
    return (await tenant().ok('v1.subscriptions.import', { body, headers: counted })).data.taskId
  }
  const id = await ask('0')
  await tenant().ok('v1.tasks.cancel', { params: { id } })
  await finish(id)
  assert.equal(await ask('1'), id)
  assert.equal((await tenant().ok('v1.tasks.list')).data.length, 1)
})

test('a retry without a key after the import was canceled may be a later one, and starts it', async () => {
  await fresh()
  const body = { subscriptions: [row('a')] }
  const id = await start(body.subscriptions)
  await tenant().ok('v1.tasks.cancel', { params: { id } })
  await finish(id)
  const headers = { 'x-stainless-retry-count': '1' }
  const { data } = await tenant().ok('v1.subscriptions.import', { body, headers })
  assert.equal((await finish(data.taskId)).status, 'COMPLETED')
})

test('of imports that are asked for at once, one is started', async () => {
  await fresh()
  const calls = Array.from({ length: 4 }, (_, index) =>
    tenant().call('v1.subscriptions.import', { body: { subscriptions: [row(`${index}`)] } }),
  )
  const codes = (await Promise.all(calls)).map(({ success }) => success !== null)
  assert.equal(codes.filter((isStarted) => isStarted).length, 1)
})

test('an import that cannot be started writes nothing', async () => {
  await fresh()
  const subscriptions = [row('a')]
  await refused({ subscriptions: [] }, 'BadUserInput')
  const many = Array.from({ length: 1001 }, (_, index) => row(`${index}`))
  await refused({ subscriptions: many }, 'BadUserInput')
  await refused({ subscriptions: [row('a', { charges: [] })] }, 'UnsupportedParameter')
  await refused({ subscriptions, integrationId: 'none' }, 'IntegrationNotFound', 404)
  await refused(
    { subscriptions: [row('a', { startDate: '1960-01-01T00:00:00Z' })] },
    'BadUserInput',
  )
  assert.deepEqual((await tenant().ok('v1.tasks.list')).data, [])
})
