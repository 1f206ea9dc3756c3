import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customersIn } from '../../test/support/customers.ts'
import { openWorld } from '../../test/support/world.ts'
import { systemOrigin } from '../kernel/origin.ts'
import { importCustomers } from './import-commands.ts'
import type { ImportRow } from './types.ts'

const world = await openWorld()
/** Another server on the same database: the queue of one process does not serialize both. */
const second = await openWorld()
const { announced, fresh, retrieve, tenant } = customersIn(world)

const origin = systemOrigin('test')
const rowOf = (row: Partial<ImportRow> & { id: string }): ImportRow => ({
  name: null,
  email: null,
  billingId: undefined,
  paymentMethodId: undefined,
  salesforceId: undefined,
  metadata: undefined,
  staleFrom: null,
  ...row,
})

test('an import of a thousand rows has as many statements as one of two rows', async () => {
  await fresh()
  const { app } = world.bursar
  const countOf = async (size: number, from: number) => {
    let statements = 0
    const counting: typeof app.db.transaction = (work, options) =>
      app.db.transaction((tx) => {
        const counted = Object.fromEntries(
          Object.entries(tx).map(([name, run]) => [
            name,
            (...args: unknown[]) => {
              statements += 1
              return (run as (...all: unknown[]) => unknown)(...args)
            },
          ]),
        )
        return work(counted as typeof tx)
      }, options)
    const rows = Array.from({ length: size }, (_, index) =>
      rowOf({ id: `c${from + index}`, salesforceId: 'sf' }),
    )
    const counted = { ...app, db: { ...app.db, transaction: counting } }
    await importCustomers({ app: counted, scope: tenant().scope, origin }, rows, null)
    return statements
  }
  await countOf(1, 0)
  const few = await countOf(2, 1)
  assert.ok(few > 0)
  assert.equal(await countOf(1000, 1), few)
})

test('imports of the same ids by two servers create each customer once and lose no value', async () => {
  await fresh()
  const size = 300
  const ids = Array.from({ length: size }, (_, index) => `c${index}`)
  const runs = Array.from({ length: 8 }, (_, run) => {
    const { app } = (run % 2 === 0 ? world : second).bursar
    const rows = ids
      .slice(run * 10)
      .map((id) => rowOf({ id, salesforceId: 'sf', metadata: { [`run${run}`]: 'x' } }))
    const ordered = run % 3 === 0 ? rows : rows.toReversed()
    return importCustomers({ app, scope: tenant().scope, origin }, ordered, null)
  })
  const created = (await Promise.all(runs)).flat()
  assert.deepEqual(created.toSorted(), ids.toSorted())
  const last = await retrieve(`c${size - 1}`)
  assert.equal(Object.keys(last.metadata).length, runs.length)
  const events = await announced()
  assert.equal(events.filter((event) => event.startsWith('customer.created')).length, size)
})

test('concurrent imports and updates of the same customers both take effect', async () => {
  await fresh()
  const ids = Array.from({ length: 40 }, (_, index) => `c${index}`)
  const made = ids.map((id) => rowOf({ id }))
  await importCustomers({ app: world.bursar.app, scope: tenant().scope, origin }, made, null)
  const imports = Array.from({ length: 6 }, (_, run) => {
    const rows = ids.map((id) => rowOf({ id, metadata: { [`import${run}`]: 'x' } }))
    const { app } = (run % 2 === 0 ? world : second).bursar
    return importCustomers({ app, scope: tenant().scope, origin }, rows.toReversed(), null)
  })
  const updates = ids.flatMap((id) =>
    [1, 2].map((run) =>
      tenant().ok('v1.customers.update', {
        params: { id },
        body: {
          metadata: { [`update${run}`]: 'x' },
          integrations: [{ id: 'hubspot', vendorIdentifier: 'HUBSPOT', syncedEntityId: 'x' }],
        },
      }),
    ),
  )
  await Promise.all([...imports, ...updates])
  for (const id of ids) assert.equal(Object.keys((await retrieve(id)).metadata).length, 8, id)
})
