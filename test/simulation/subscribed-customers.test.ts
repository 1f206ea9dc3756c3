import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { Subscription, SubscriptionListPage } from '../../src/api.gen.ts'
import { required } from '../../src/kernel/assert.ts'
import { instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { randomFrom, seedOf } from '../support/random.ts'
import { openSale } from '../support/sale.ts'
import { type ModelMove, type ModelSubscription, SubscriptionModel } from './model/subscriptions.ts'
import { holds } from './rounds.ts'
import { Fleet } from './subscription-fleet.ts'
import { instantOf, type Move, moveAt, moves, PLANS, STEPS } from './subscription-moves.ts'

/** The number of customers. Few by default, because CI has little time. */
const CUSTOMERS = Number(process.env.BURSAR_TEST_CUSTOMERS ?? 3)
/** Steps between two looks at a customer about whom there is no request. */
const LOOK = 150
/** Requests between two messages of how far a long run is. */
const PROGRESS = 500
const ADDON = 'more'

const fleets = [await Fleet.open({ isPunctual: true }), await Fleet.open({ isPunctual: false })]
after(async () => {
  for (const fleet of fleets) await fleet.close()
})

/** Everything that a customer has been sold, in the words of the model. */
type Row = Pick<ModelSubscription, 'plan' | 'status' | 'reason' | 'units' | 'starts'> & {
  /** Null for a subscription that the server has named. */
  id: string | null
  period: readonly number[] | null
}

class Customer {
  readonly id: string
  readonly model = new SubscriptionModel(PLANS, 'ADDON')
  #lived = 0
  /** For the message of a failure. */
  readonly #made: string[] = []
  /** The ids that servers have given to subscriptions of the model, by fleet. */
  readonly #ids = new Map<Fleet, Map<string, string>>()
  /** How many events were compared, by fleet. */
  readonly #announced = new Map<Fleet, number>()
  constructor(id: string) {
    this.id = id
  }

  liveUntil(step: number): void {
    for (; this.#lived <= step; this.#lived += 1) this.model.live(instantOf(this.#lived))
  }

  /** Compares what the servers of a fleet show with the model, whether or not it is stored. */
  async glance(fleet: Fleet, step: number): Promise<void> {
    for (const which of fleet.servers) await this.#compareEntitlements(fleet, which, step)
    const named = this.#named()
    const found = (await subscriptionsOf(fleet, this.id)).map((each) => rowOf(each, named))
    // What has followed another subscription is listed once it is stored.
    const rows = new Set(found.map(keyOf))
    const listed = this.#predicted(step).filter((row) => row.id !== null || rows.has(keyOf(row)))
    assert.deepEqual(found.toSorted(inOrder), listed.toSorted(inOrder), this.#when(step))
  }

  /** Lets a fleet store what is due. Compares what it shows and has announced with the model. */
  async look(fleet: Fleet, step: number): Promise<void> {
    if (!fleet.isPunctual) await fleet.doDueWork()
    await this.#compareEntitlements(fleet, fleet.anyServer(), step)
    const named = this.#named()
    const found = await subscriptionsOf(fleet, this.id)
    const rows = found.map((each) => rowOf(each, named))
    const predicted = this.#predicted(step)
    assert.deepEqual(rows.toSorted(inOrder), predicted.toSorted(inOrder), this.#when(step))
    const ids = sortedBy(this.model.all, predicted).map(
      ({ id }, index) => [id, required(sortedBy(found, rows)[index], 'a subscription').id] as const,
    )
    this.#ids.set(fleet, new Map(ids))
    await this.#compareEvents(fleet, step)
  }

  /** Whether it is known how a fleet calls what a move is about. */
  knows(fleet: Fleet, move: ModelMove): boolean {
    return move.type === 'provision' || this.#ids.get(fleet)?.has(move.id) === true
  }

  #named = () => new Set(this.model.all.map(({ id }) => id).filter((id) => id.startsWith(this.id)))

  #predicted = (step: number): Row[] =>
    this.model.all.map((each) => ({
      ...{ plan: each.plan, status: each.status, reason: each.reason, units: each.units },
      ...{ starts: each.starts, id: isServers(each.id) ? null : each.id },
      period: this.model.period(each, instantOf(step)),
    }))

  #when = (step: number) =>
    `${instantToWire(instantOf(step))}, ${this.id}: ${this.#made.join(', ')}`

  async #compareEntitlements(fleet: Fleet, which: number, step: number): Promise<void> {
    const found = await entitlementsOf(fleet, which, this.id)
    assert.deepEqual(found, this.#entitlements(), this.#when(step))
  }

  /** Compares what was announced since the last look. Events of one look have no order here. */
  async #compareEvents(fleet: Fleet, step: number): Promise<void> {
    const known = this.#announced.get(fleet) ?? 0
    const announced = await fleet.announced(this.id, known)
    const predicted = this.model.events.slice(known).map(({ what }) => what)
    assert.deepEqual(announced.toSorted(), predicted.toSorted(), this.#when(step))
    this.#announced.set(fleet, known + announced.length)
  }

  /** What is in force gives the versions of its plan and of what that inherits from. */
  #entitlements() {
    const inForce = this.model.all.filter(
      ({ status }) => status === 'ACTIVE' || status === 'IN_TRIAL',
    )
    // A later version of a plan gives 2 calls a day, and a parent gives less than the plan itself.
    const limits = inForce.map(({ pins }) =>
      required(pins.split(' ')[0], pins).endsWith('@1') ? 1 : 2,
    )
    return {
      isGranted: inForce.length > 0,
      limit: inForce.length === 0 ? null : Math.max(...limits),
      sources: inForce.flatMap(({ pins }) => pins.split(' ')).sort(),
    }
  }

  async make(fleet: Fleet, move: ModelMove): Promise<boolean> {
    const { status, text } = await this.#send(fleet, move)
    this.#made.push(`${status} ${JSON.stringify(move)}`)
    assert.ok(status < 500, text)
    return status < 300
  }

  #send(fleet: Fleet, move: ModelMove) {
    const strategy = move.atEnd ? { scheduleStrategy: 'END_OF_BILLING_PERIOD' } : {}
    if (move.type === 'provision') {
      const { plan, startsAt, trial, isTrialRefused } = move
      return fleet.write('v1.subscriptions.provision', {
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
      return fleet.write('v1.subscriptions.cancel', { params, body: time })
    }
    const addons = [{ id: ADDON, quantity: move.units }]
    return fleet.write('v1.subscriptions.update', { params, body: { addons, ...strategy } })
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

async function subscriptionsOf(fleet: Fleet, customerId: string): Promise<Subscription[]> {
  const all: Subscription[] = []
  let after: string | null = null
  do {
    const query: Record<string, string> = {
      customerId,
      limit: '100',
      ...(after !== null && { after }),
    }
    const page: SubscriptionListPage = await fleet.read('v1.subscriptions.list', { query })
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

/** What one server decides, with the versions of plans that give something. */
async function entitlementsOf(fleet: Fleet, which: number, id: string) {
  const request = { params: { id }, query: { featureId: 'calls' } }
  const { data } = await fleet.read('v1.customers.explainEntitlement', request, which)
  assert.ok(data.type === 'FEATURE')
  const sources = data.sources
    .filter(({ kind }) => kind === 'PLAN' || kind === 'PARENT_PLAN')
    .map((source) => `${source.id}@${source.version}`)
    .sort()
  return { isGranted: data.isGranted, limit: data.usageLimit ?? null, sources }
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

/** Furnishes a fleet, and returns what publishes the next version of a plan there. */
async function open(fleet: Fleet, ids: readonly string[]) {
  await fleet.moveTo(instantOf(0))
  const tenant = await fleet.open()
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
  return (plan: string) => sale.change(plan, 'calls', { usageLimit: 2 })
}

test(`three years of ${CUSTOMERS} customers are as the model predicts, whenever due work is done`, async (t) => {
  const random = randomFrom(seedOf(t), 0)
  const lists = fc.array(moves, { minLength: CUSTOMERS, maxLength: CUSTOMERS })
  let requests = 0
  await holds(t, { rounds: 1, values: lists }, async (ofAll) => {
    const customers = ofAll.map((_, index) => new Customer(`c${index}`))
    const ids = customers.map(({ id }) => id)
    const publishers = await Promise.all(fleets.map((fleet) => open(fleet, ids)))
    for (const fleet of fleets) fleet.takeRisks(randomFrom(random.below(2 ** 30), 0))
    let now = 0
    const goAllTo = async (to: number) => {
      for (const fleet of fleets) await fleet.goTo(instantOf(to))
      now = to
    }
    const lookAt = async (customer: Customer) => {
      customer.liveUntil(now)
      for (const fleet of fleets) await customer.look(fleet, now)
    }
    for (const { at, happens } of stepsOf(customers, ofAll)) {
      while (now + LOOK < at) {
        await goAllTo(now + LOOK)
        await lookAt(required(customers[random.below(customers.length)], 'a customer'))
      }
      await goAllTo(at)
      if ('plan' in happens) {
        for (const publish of publishers) await publish(happens.plan)
        continue
      }
      const { customer, move, index } = happens
      customer.liveUntil(now)
      await customer.glance(required(fleets[random.below(fleets.length)], 'a fleet'), now)
      const of = {
        open: customer.model.all.filter(({ status }) => status !== 'CANCELED'),
        at: instantOf(at),
        index,
      }
      const made = moveAt(move, of)
      if (made === null) continue
      if (made.type === 'units' && isFree(customer, made.id)) continue
      if (made.type === 'provision') made.id = `${customer.id}-${made.id}`
      for (const fleet of fleets) if (!customer.knows(fleet, made)) await customer.look(fleet, now)
      const isAccepted = customer.model.make(made, instantOf(at))
      customer.model.live(instantOf(at))
      for (const fleet of fleets) {
        assert.equal(await customer.make(fleet, made), isAccepted, JSON.stringify(made))
        requests += 1
      }
      await lookAt(customer)
      if (requests % PROGRESS === 0) t.diagnostic(`${requests} requests, step ${at} of ${STEPS}`)
    }
    await goAllTo(STEPS)
    for (const fleet of fleets) await fleet.doDueWork()
    for (const customer of customers) {
      await lookAt(customer)
      const [punctual, late] = await Promise.all(
        fleets.map((fleet) => fleet.announced(customer.id, 0)),
      )
      assert.deepEqual(late, punctual, `events of ${customer.id}`)
    }
  })
  t.diagnostic(`${requests} requests, ${fleets.map(({ deaths }) => deaths).join(' + ')} kills`)
})

/** A free plan has no add-ons, whose quantity stands for units here. */
const isFree = ({ model }: Customer, id: string) =>
  model.all.find((each) => each.id === id)?.plan === 'free'
