import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Subscription, SubscriptionListPage } from '../../src/api.gen.ts'
import { column, row, sql } from '../../src/db/index.ts'
import { publishEntitlements } from '../../src/handlers.ts'
import { runDueWork } from '../../src/jobs/due-work.ts'
import { required } from '../../src/kernel/assert.ts'
import { type Instant, instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { subscriptionWork } from '../../src/subscriptions/index.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { openSale } from '../support/sale.ts'
import { openTwoServers, type Tenant, type World } from '../support/world.ts'
import { type ModelMove, type ModelSubscription, SubscriptionModel } from './model/subscriptions.ts'
import { holds } from './rounds.ts'
import { instantOf, type Move, moveAt, moves, PLANS, STEPS } from './subscription-moves.ts'

/** The number of customers. Few by default, because CI has little time. */
const CUSTOMERS = Number(process.env.BURSAR_TEST_CUSTOMERS ?? 3)
/** Steps between two looks at a customer about whom there is no request. */
const LOOK = 150
const ADDON = 'more'

/** Two servers on one database. Their due work is done when the test wants it. */
type Fleet = { servers: [World, World]; isPunctual: boolean; tenants: [Tenant, Tenant] }

const fleets = await Promise.all(
  [true, false].map(async (isPunctual) => ({ servers: await openTwoServers(), isPunctual })),
)
const handlers = subscriptionWork(publishEntitlements)
const doDueWork = ({ bursar }: World) => runDueWork(bursar.app, handlers)

/** Everything that a customer has been sold, in the words of the model. */
type Row = Pick<ModelSubscription, 'plan' | 'status' | 'reason' | 'units' | 'starts'> & {
  /** Null for a subscription that the server has named. */
  id: string | null
  period: readonly number[] | null
}

class Customer {
  readonly id: string
  readonly model = new SubscriptionModel(PLANS)
  #lived = 0
  /** For the message of a failure. */
  readonly #made: string[] = []
  /** The ids that servers have given to subscriptions of the model, by fleet. */
  readonly #ids = new Map<Fleet, Map<string, string>>()
  constructor(id: string) {
    this.id = id
  }

  liveUntil(step: number): void {
    for (; this.#lived <= step; this.#lived += 1) this.model.live(instantOf(this.#lived))
  }

  /** Compares what both servers of a fleet show with the model. */
  async look(fleet: Fleet, step: number): Promise<void> {
    const at = instantOf(step)
    const named = new Set(this.model.all.map(({ id }) => id).filter((id) => id.startsWith(this.id)))
    const predicted = this.model.all.map((each) => ({
      ...{ plan: each.plan, status: each.status, reason: each.reason, units: each.units },
      ...{ starts: each.starts, id: isServers(each.id) ? null : each.id },
      period: this.model.period(each, at),
    }))
    const when = () => `${instantToWire(at)}, ${this.#story()}`
    for (const tenant of fleet.tenants) {
      assert.deepEqual(await sourcesOf(tenant, this.id), this.#sources(), when())
      const found = await subscriptionsOf(tenant, this.id)
      const rows = new Set(found.map((each) => keyOf(rowOf(each, named))))
      // What has followed another subscription is listed once it is stored.
      const listed = predicted.filter((row) => row.id !== null || rows.has(keyOf(row)))
      assert.deepEqual(
        found.map((each) => rowOf(each, named)).toSorted(inOrder),
        listed.toSorted(inOrder),
        when(),
      )
    }
    await doDueWork(fleet.servers[0])
    const found = await subscriptionsOf(fleet.tenants[1], this.id)
    const rows = found.map((each) => rowOf(each, named))
    assert.deepEqual(rows.toSorted(inOrder), predicted.toSorted(inOrder), when())
    const ids = sortedBy(this.model.all, predicted).map(
      ({ id }, index) => [id, required(sortedBy(found, rows)[index], 'a subscription').id] as const,
    )
    this.#ids.set(fleet, new Map(ids))
  }

  /** The versions that give something, of what is in force. */
  #sources(): string[] {
    return this.model.all
      .filter(({ status }) => status === 'ACTIVE' || status === 'IN_TRIAL')
      .flatMap(({ pins }) => pins.split(' '))
      .sort()
  }

  #story = () => `${this.id}: ${this.#made.join(', ')}`

  async make(fleet: Fleet, tenant: Tenant, move: ModelMove): Promise<boolean> {
    const { status, text } = await this.#send(fleet, tenant, move)
    this.#made.push(`${status} ${JSON.stringify(move)}`)
    assert.ok(status < 500, text)
    return status < 300
  }

  #send(fleet: Fleet, tenant: Tenant, move: ModelMove) {
    const strategy = move.atEnd ? { scheduleStrategy: 'END_OF_BILLING_PERIOD' } : {}
    if (move.type === 'provision') {
      const { plan, startsAt, trial, isTrialRefused } = move
      return tenant.call('v1.subscriptions.provision', {
        body: {
          ...{ customerId: this.id, id: move.id, planId: plan, ...strategy },
          billingPeriod: PLANS[plan]?.period === 12 ? 'ANNUALLY' : 'MONTHLY',
          ...(startsAt !== null && { startDate: instantToWire(startsAt) }),
          ...(trial === null &&
            isTrialRefused && { trialOverrideConfiguration: { isTrial: false } }),
          ...(trial !== null && {
            trialOverrideConfiguration: {
              ...{ isTrial: true, trialEndDate: instantToWire(trial.ends) },
              trialEndBehavior: trial.converts ? 'CONVERT_TO_PAID' : 'CANCEL_SUBSCRIPTION',
            },
          }),
        },
      })
    }
    const params = { id: required(this.#ids.get(fleet)?.get(move.id), move.id) }
    if (move.type === 'cancel') {
      const times = { true: 'END_OF_BILLING_PERIOD', false: 'IMMEDIATE' }
      const time = move.atEnd === null ? {} : { cancellationTime: times[`${move.atEnd}`] }
      return tenant.call('v1.subscriptions.cancel', { params, body: time })
    }
    const addons = [{ id: ADDON, quantity: move.units }]
    return tenant.call('v1.subscriptions.update', { params, body: { addons, ...strategy } })
  }
}

const isServers = (id: string) => id.endsWith('-next') || id.startsWith('free-')

const keyOf = (row: Row) =>
  JSON.stringify([row.starts, row.plan, row.id, row.status, row.reason, row])
const inOrder = (one: Row, other: Row) => (keyOf(one) < keyOf(other) ? -1 : 1)
/** The items in the order of their rows. */
const sortedBy = <T>(items: readonly T[], by: readonly Row[]): T[] =>
  items
    .map((item, index) => ({ item, key: keyOf(required(by[index], 'a row')) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ item }) => item)

async function subscriptionsOf(tenant: Tenant, customerId: string): Promise<Subscription[]> {
  const all: Subscription[] = []
  let after: string | null = null
  do {
    const query: Record<string, string> = {
      customerId,
      limit: '100',
      ...(after !== null && { after }),
    }
    const page: SubscriptionListPage = await tenant.ok('v1.subscriptions.list', { query })
    all.push(...page.data)
    after = page.pagination.next
  } while (after !== null)
  return all
}

function rowOf(each: Subscription, named: ReadonlySet<string>): Row {
  const { currentBillingPeriodStart: start, currentBillingPeriodEnd: end, addons, status } = each
  return {
    ...{ plan: each.planId, status, reason: each.cancelReason },
    units: addons[0]?.quantity ?? 0,
    starts: instantFromWire(each.startDate),
    id: named.has(each.id) ? each.id : null,
    period:
      status === 'ACTIVE' && start !== null && end !== null
        ? [instantFromWire(start), instantFromWire(end)]
        : null,
  }
}

/** The versions of plans that give a customer something, as explanations name them. */
async function sourcesOf(tenant: Tenant, id: string): Promise<string[]> {
  const query = { featureId: 'calls' }
  const { data } = await tenant.ok('v1.customers.explainEntitlement', { params: { id }, query })
  return data.sources
    .filter(({ kind }) => kind === 'PLAN' || kind === 'PARENT_PLAN')
    .map((source) => `${source.id}@${source.version}`)
    .sort()
}

/** What happens at a step: a publication, or a move of a customer. */
type Step = {
  at: number
  happens: { plan: string } | { customer: Customer; move: Move; index: number }
}

function stepsOf(
  customers: readonly Customer[],
  lists: readonly (readonly [number, Move][])[],
): Step[] {
  const publications = Object.entries(PLANS).flatMap(([plan, { published }]) =>
    published.slice(1).map((at): Step => ({ at: stepOf(at), happens: { plan } })),
  )
  const own = customers.flatMap((customer, which) => {
    let at = 0
    return (lists[which] ?? []).map(([gap, move], index): Step => {
      at += gap
      return { at, happens: { customer, move, index } }
    })
  })
  return [...publications, ...own]
    .filter(({ at }) => at <= STEPS)
    .sort((one, other) => one.at - other.at)
}
const stepOf = (at: number) => (at - instantOf(0)) / (instantOf(1) - instantOf(0))

async function open(fleet: (typeof fleets)[number], ids: readonly string[]) {
  const [first, second] = fleet.servers
  first.clock.moveTo(instantOf(0))
  const tenant = await first.tenant()
  const sale = await openSale(tenant)
  for (const [id, { rank, parent }] of Object.entries(PLANS)) {
    const parts = {
      pricingType: rank === 0 ? 'FREE' : 'PAID',
      ...(parent && { parentPlanId: parent }),
    }
    await sale.plan(id, { calls: { usageLimit: 1, resetPeriod: 'DAY' } }, parts)
    // The free plan is the first one, and has no add-on.
    if (rank === 0) await sale.addon(ADDON, { seats: { usageLimit: 1 } })
  }
  await tenant.ok('v1.products.updateProduct', {
    params: { id: 'app' },
    body: {
      productSettings: {
        ...{ subscriptionStartSetup: 'PLAN_SELECTION', subscriptionEndSetup: 'DOWNGRADE_TO_FREE' },
        ...{ downgradePlanId: 'free', subscriptionCancellationTime: 'END_OF_BILLING_PERIOD' },
      },
    },
  })
  for (const id of ids) await sale.customer(id)
  const publish = (plan: string) => sale.change(plan, 'calls', { usageLimit: 2 })
  return { fleet: { ...fleet, tenants: [tenant, tenant.through(second)] } as Fleet, publish }
}

/** Moves time on. A punctual fleet does its work when it is due, the other one at times. */
async function goTo(fleet: Fleet, { to, random }: { to: Instant; random: Random }): Promise<void> {
  const { servers, isPunctual } = fleet
  const [first, second] = servers
  while (isPunctual) {
    const next = await nextDue(fleet)
    if (next === null || next > to) break
    first.clock.moveTo(Math.max(next, first.clock.now()))
    await doDueWork(first)
  }
  first.clock.moveTo(to)
  if (isPunctual) return
  const doers = [[], [], [], [first], servers, [second, second]]
  await Promise.all(required(doers[random.below(doers.length)], 'servers').map(doDueWork))
}

const dueRow = row({ due: column.nullable(column.instant) })

const nextDue = async ({ servers: [{ bursar }] }: Fleet): Promise<Instant | null> => {
  const kinds = Object.keys(handlers)
  const asked = sql`select min(due_at) as due from due_work where kind = any(${kinds}::text[])`
  return (await bursar.app.db.read.one(dueRow, asked)).due
}

test(`three years of ${CUSTOMERS} customers are as the model predicts, whenever due work is done`, async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const lists = fc.array(moves, { minLength: CUSTOMERS, maxLength: CUSTOMERS })
  let requests = 0
  await holds(t, { rounds: 1, values: lists }, async (ofAll) => {
    const customers = ofAll.map((_, index) => new Customer(`c${index}`))
    const opened = await Promise.all(
      fleets.map((fleet) =>
        open(
          fleet,
          customers.map(({ id }) => id),
        ),
      ),
    )
    let now = 0
    const goAllTo = async (to: number) => {
      for (const { fleet } of opened) await goTo(fleet, { to: instantOf(to), random })
      now = to
    }
    const lookAt = async (customer: Customer) => {
      customer.liveUntil(now)
      for (const { fleet } of opened) await customer.look(fleet, now)
    }
    for (const { at, happens } of stepsOf(customers, ofAll)) {
      while (now + LOOK < at) {
        await goAllTo(now + LOOK)
        await lookAt(required(customers[random.below(customers.length)], 'a customer'))
      }
      await goAllTo(at)
      if ('plan' in happens) {
        for (const { publish } of opened) await publish(happens.plan)
        continue
      }
      const { customer, move, index } = happens
      await lookAt(customer)
      const of = {
        open: customer.model.all.filter(({ status }) => status !== 'CANCELED'),
        at: instantOf(at),
        index,
      }
      const made = moveAt(move, of)
      if (made === null) continue
      if (made.type === 'units' && isFree(customer, made.id)) continue
      if (made.type === 'provision') made.id = `${customer.id}-${made.id}`
      const isAccepted = customer.model.make(made, instantOf(at))
      customer.model.live(instantOf(at))
      for (const { fleet } of opened) {
        const writer = required(fleet.tenants[random.below(2)], 'a server')
        assert.equal(await customer.make(fleet, writer, made), isAccepted, JSON.stringify(made))
        requests += 1
      }
      await lookAt(customer)
    }
    await goAllTo(STEPS)
    for (const { fleet } of opened) await doDueWork(fleet.servers[1])
    for (const customer of customers) await lookAt(customer)
    const [punctual, late] = await Promise.all(opened.map(({ fleet }) => eventsOf(fleet)))
    for (const { id } of customers)
      assert.deepEqual(late?.get(id), punctual?.get(id), `events of ${id}`)
  })
  t.diagnostic(`${requests} requests`)
})

/** A free plan has no add-ons, whose quantity stands for units here. */
const isFree = ({ model }: Customer, id: string) =>
  model.all.find((each) => each.id === id)?.plan === 'free'

const eventRow = row({
  type: column.text,
  after: column.json<Subscription>(),
})

/**
 * What was announced of the subscriptions of each customer, in the order of the transactions: ids
 * that two servers make at one instant have no order. Notices are left out, because there is none
 * if it would come too late.
 */
async function eventsOf({ tenants: [tenant], servers: [{ bursar }] }: Fleet) {
  const events = await bursar.app.db.read.many(
    eventRow,
    sql`
    select type, after from outbox
    where environment_key = ${tenant.scope.environmentKey}::uuid
      and type like 'subscription.%' and type not like '%.ends_soon'
    order by transaction_id, event_key`,
  )
  return Map.groupBy(
    events.map(({ type, after }) => ({
      of: after.customerId,
      what: `${type} ${after.planId} ${after.status}`,
    })),
    ({ of }) => of,
  )
}
