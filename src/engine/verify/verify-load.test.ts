import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Company, openCompany } from '../../../test/support/metered-company.ts'
import { differing } from '../../../test/support/verified.ts'
import { openWorld } from '../../../test/support/world.ts'
import { sql } from '../../db/index.ts'
import { required } from '../../kernel/assert.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { rebuildCustomer, verifyCustomer } from './verify-customer.ts'

const world = await openWorld()
const { app } = world.bursar
const { clock } = world
const LIMIT = 10
const params = { id: 'acme' }
const NO_RESOURCE = '00000000-0000-0000-0000-000000000000'

/** Sends usage of every kind from several concurrent callers until it is stopped. */
function startTraffic({ tenant, report, ingest, budget, of }: Company) {
  let isStopped = false
  let sent = 0
  const repeat = async (work: (turn: number) => Promise<unknown>) => {
    for (let turn = 0; !isStopped; turn += 1) await work(turn)
  }
  const writers = [
    ...['ann', 'bob', 'zoe'].map((userId) =>
      repeat(async (turn) => {
        await report([{ featureId: 'tokens', value: 1, dimensions: { userId, modelId: 'gpt' } }])
        sent += 1
        await ingest([
          {
            eventName: 'call',
            idempotencyKey: `${userId} ${turn}`,
            dimensions: { userId: `${userId} ${turn % 20}`, cost: 2 },
            timestamp: instantToWire(clock.now() - turn * 60_000),
          },
        ])
      }),
    ),
    repeat(async (turn) => {
      const body = { featureId: 'tokens', amount: 1, dimensions: { userId: 'bob' } }
      const use = { params, body: { ...body, idempotencyKey: `use ${turn}` } }
      await tenant.ok('v1.customers.consume', use)
      const { data } = await tenant.ok('v1.customers.reservations.create', use)
      const { id } = required(data.reservation, 'what is held')
      await tenant.ok(`v1.customers.reservations.${turn % 2 === 0 ? 'commit' : 'release'}`, {
        params: { ...params, reservationId: id },
        body: {},
      })
      sent += turn % 2 === 0 ? 2 : 1
    }),
    repeat((turn) => budget(of('ann', { cadence: turn % 2 === 0 ? 'P1W' : 'P1D' }))),
  ]
  return {
    /** Returns how many tokens were used. */
    stop: async () => {
      isStopped = true
      await Promise.all(writers)
      return sent
    },
  }
}

test('usage that is counted during verification is no difference, and a rebuild loses none of it', async () => {
  const company = await openCompany(world)
  const traffic = startTraffic(company)
  const found: object[] = []
  let records = 0
  while (records < 120) {
    const verified = await verifyCustomer(app, company.customerKey, LIMIT)
    found.push(differing(verified))
    records = verified.size.records
    if (found.length % 5 === 0) await rebuildCustomer(app, company.owner)
  }
  const sent = await traffic.stop()
  found.push(differing(await verifyCustomer(app, company.customerKey, LIMIT)))
  assert.ok(found.length > 5)
  for (const each of found) assert.deepEqual(each, {})
  assert.equal(await company.usage('tokens'), sent)
})

/** Inserts records of two features with one posting each, by SQL. */
async function fill({ customerKey }: Company, records: number): Promise<void> {
  await app.db.transaction((tx) =>
    tx.execute(sql`
      insert into usage_events (customer_key, occurred_at, event_key, environment_key, accepted_at,
        kind, resource_key, feature_keys, amounts, marks, direct_entity_keys, entity_keys,
        assignment_keys, assignment_revisions, assignment_windows, assignment_deltas)
      select budget.customer_key, at, gen_random_uuid(), budget.environment_key, at, 'EVENT',
        ${NO_RESOURCE}::uuid, array[budget.capability_key, users.feature_key], array[1, 1],
        array[null, 'user ' || number % 1000], array[budget.entity_key], array[budget.entity_key],
        array[budget.assignment_key], array[1], array[date_trunc('month', at)], array[1]
      from assignments budget
        join entities e using (customer_key, entity_key)
        join features users on users.environment_key = budget.environment_key and users.id = 'users'
        cross join generate_series(1, ${records}::integer) number
        cross join lateral (
          select budget.created_at + number * interval '10 seconds') as of (at)
      where budget.customer_key = ${customerKey}::uuid and e.id = 'org'`),
  )
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Returns the maximum growth of the heap during the work, in megabytes. */
async function growthOf(work: () => Promise<unknown>): Promise<number> {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed)
  }, 5)
  await work().finally(() => clearInterval(timer))
  return (Math.max(most, process.memoryUsage().heapUsed) - before) / 1_000_000
}

test('verifying a hundred thousand records does not load them into memory', async (t) => {
  const company = await openCompany(world)
  const { customerKey, owner } = company
  await fill(company, 100_000)
  const grown = {
    recount: await growthOf(() => rebuildCustomer(app, owner)),
    verify: await growthOf(() => verifyCustomer(app, customerKey, LIMIT)),
  }
  t.diagnostic(`megabytes: ${JSON.stringify(grown)}`)
  const verified = await verifyCustomer(app, customerKey, LIMIT)
  assert.equal(verified.size.records, 100_000)
  assert.deepEqual(differing(verified), {})
  // The keys of the records alone would take more.
  assert.ok(grown.recount < 8 && grown.verify < 8, JSON.stringify(grown))
})
