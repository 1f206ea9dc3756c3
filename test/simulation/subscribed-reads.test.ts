import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OperationId } from '../../src/api.gen.ts'
import { required } from '../../src/kernel/assert.ts'
import { type Instant, instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { monthly, openSale } from '../support/sale.ts'
import { NOW, openThreeServers, type Tenant } from '../support/world.ts'
import { holds } from './rounds.ts'

/** The number of histories. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 2)
const START = instantFromWire(NOW)
const DAY_MS = 86_400_000
const ID = 'acme'
const FEATURES = ['seats', 'calls', 'sso'] as const

/** On one clock. The third one keeps nothing in memory. */
const servers = await openThreeServers()
const [{ clock }] = servers

type Move =
  | { kind: 'wait'; ms: number }
  | { kind: 'cancel'; inDays: number | null }
  | { kind: 'publish'; limit: number }
  | { kind: 'provision'; plan: string; addons: number; trialDays: number | null; inDays: number }
  | { kind: 'update'; addons: number; strategy: string }

const kind = <const K extends string>(name: K) => fc.constant(name)
const wait = fc.record({
  kind: kind('wait'),
  ms: fc.oneof(
    fc.nat({ max: DAY_MS }),
    fc.nat({ max: 15 }).map((days) => days * DAY_MS),
  ),
})
const provision = fc.record({
  kind: kind('provision'),
  plan: fc.constantFrom('one', 'two', 'other'),
  addons: fc.nat({ max: 2 }),
  trialDays: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 1 }),
  inDays: fc.constantFrom(0, 0, 0, 3, 20),
})
const update = fc.record({
  kind: kind('update'),
  addons: fc.nat({ max: 2 }),
  strategy: fc.constantFrom('IMMEDIATE', 'END_OF_BILLING_PERIOD'),
})
const cancel = fc.record({ kind: kind('cancel'), inDays: fc.constantFrom(null, 2, 30) })
const publish = fc.record({ kind: kind('publish'), limit: fc.integer({ min: 1, max: 9 }) })
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: provision },
  { weight: 4, arbitrary: wait },
  { weight: 2, arbitrary: update },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: publish },
)
const history = fc.array(move, { minLength: 16, maxLength: 22 })

type Sale = Awaited<ReturnType<typeof openSale>>
const addonsOf = (quantity: number) => (quantity === 0 ? [] : [{ id: 'more', quantity }])
const inDays = (days: number) => instantToWire(clock.now() + days * DAY_MS)

/** Returns a function that makes moves, on the servers in turn. A move may be refused. */
function playing(writers: readonly Tenant[], sale: Sale) {
  let last: string | null = null
  let made = 0
  const attempt = async (id: OperationId, request: object) => {
    made += 1
    const { status, text } = await required(writers[made % writers.length], 'a server').call(
      id,
      request,
    )
    assert.ok(status < 500, `${id}: ${text}`)
    return status < 300 ? (JSON.parse(text) as { data: { id: string } }).data : null
  }
  const ofLast = () => ({ params: { id: last ?? 'nothing' } })
  return async (next: Move): Promise<void> => {
    if (next.kind === 'wait') clock.moveTo(clock.now() + next.ms)
    if (next.kind === 'publish') await sale.change('one', 'seats', { usageLimit: next.limit })
    if (next.kind === 'cancel')
      await attempt('v1.subscriptions.cancel', {
        ...ofLast(),
        body:
          next.inDays === null
            ? { cancellationTime: 'IMMEDIATE' }
            : { cancellationTime: 'SPECIFIC_DATE', endDate: inDays(next.inDays) },
      })
    if (next.kind === 'update')
      await attempt('v1.subscriptions.update', {
        ...ofLast(),
        body: { addons: addonsOf(next.addons), scheduleStrategy: next.strategy },
      })
    if (next.kind === 'provision') {
      const { trialDays } = next
      const body = {
        ...{ customerId: ID, planId: next.plan, billingPeriod: 'MONTHLY' },
        ...(next.plan === 'other' ? {} : { addons: addonsOf(next.addons) }),
        ...(next.inDays === 0 ? {} : { startDate: inDays(next.inDays) }),
        ...(trialDays !== null && {
          trialOverrideConfiguration: {
            ...{ isTrial: true, trialEndBehavior: 'CANCEL_SUBSCRIPTION' },
            trialEndDate: inDays(next.inDays + trialDays),
          },
        }),
      }
      last = (await attempt('v1.subscriptions.provision', { body }))?.id ?? last
    }
  }
}

const checkOf = async (tenant: Tenant, featureId: string) => {
  const request = { params: { id: ID }, query: { featureId, requestedUsage: '1' } }
  const query = featureId === 'sso' ? { featureId } : request.query
  const { data } = await tenant.ok('v1.customers.checkEntitlement', { ...request, query })
  assert(data.type === 'FEATURE')
  return data
}
type Check = Awaited<ReturnType<typeof checkOf>>

/** What must stay the same until `validUntil`. */
const viewOf = ({ isGranted, accessDeniedReason, usageLimit, usagePeriodEnd }: Check) => ({
  ...{ isGranted, accessDeniedReason, usageLimit, usagePeriodEnd },
})

const READS: readonly (readonly [OperationId, Record<string, string>])[] = [
  ['v1.customers.retrieveEntitlements', {}],
  ...FEATURES.flatMap((featureId) => [
    ['v1.customers.checkEntitlement', { featureId }] as const,
    ['v1.customers.explainEntitlement', { featureId }] as const,
  ]),
]

/** The texts of all reads of a server. One after the other, because some of them are heavy. */
async function readAll(tenant: Tenant): Promise<string[]> {
  const texts: string[] = []
  for (const [id, query] of READS)
    texts.push((await tenant.call(id, { params: { id: ID }, query })).text)
  return texts
}

/** What the list of entitlements says, and the same of an instant that is past. */
async function listed(tenant: Tenant): Promise<object[]> {
  const params = { id: ID }
  const { data } = await tenant.ok('v1.customers.retrieveEntitlements', { params })
  return data.entitlements.map((each) => {
    assert(each.type === 'FEATURE')
    const { feature, usageLimit, resetPeriod, entitlementUpdatedAt } = each
    return { id: feature?.id, usageLimit, resetPeriod, entitlementUpdatedAt }
  })
}
async function pastList(tenant: Tenant, at: Instant): Promise<object[]> {
  const request = { params: { id: ID }, query: { at: instantToWire(at) } }
  const { data } = await tenant.ok('v1.customers.listPastEntitlements', request)
  return data.map(({ feature, usageLimit, resetPeriod, entitlementUpdatedAt }) => {
    return { id: feature.id, usageLimit, resetPeriod, entitlementUpdatedAt }
  })
}

/** Asks again at the latest instant, until `until`, at which an answer must be the same. */
async function askAgain(tenant: Tenant, answers: readonly Check[], until: Instant): Promise<void> {
  const asked = answers.map((answer, index) => {
    const { validUntil } = answer
    const last = validUntil === undefined ? until : instantFromWire(validUntil) - 1
    return { answer, featureId: FEATURES[index] ?? '', at: Math.min(last, until) }
  })
  for (const { answer, featureId, at } of asked.toSorted((one, other) => one.at - other.at)) {
    clock.moveTo(Math.max(clock.now(), at))
    assert.deepEqual(viewOf(await checkOf(tenant, featureId)), viewOf(answer), instantToWire(at))
  }
}

test(`${ROUNDS} histories of subscriptions: memory, database, past and validUntil agree`, async (t) => {
  let pasts = 0
  await holds(t, { rounds: ROUNDS, values: history }, async (moves) => {
    clock.moveTo(START)
    const tenant = await servers[0].tenant()
    const sale = await openSale(tenant)
    await sale.product('second')
    await sale.addon('more', { seats: { usageLimit: 3 } })
    await sale.plan('one', { seats: { usageLimit: 5 }, calls: monthly(7) })
    await sale.plan('two', { seats: { usageLimit: 20 } }, { parentPlanId: 'one' })
    await sale.plan('other', { seats: { usageLimit: 8 }, sso: {} }, { productId: 'second' })
    await sale.customer(ID)
    const through = servers.map((server) => tenant.through(server))
    const play = playing(through, sale)
    const remembered = new Map<Instant, object[]>()
    let answers: Check[] = []
    for (const next of moves) {
      if (next.kind === 'wait') await askAgain(tenant, answers, clock.now() + next.ms)
      else await play(next)
      const [first, ...others] = await Promise.all(through.map(readAll))
      for (const other of others) assert.deepEqual(other, first, JSON.stringify(next))
      remembered.set(clock.now(), await listed(tenant))
      answers = await Promise.all(FEATURES.map((featureId) => checkOf(tenant, featureId)))
    }
    for (const [at, list] of remembered) {
      assert.deepEqual(await pastList(tenant, at), list, instantToWire(at))
      pasts += list.length
    }
  })
  t.diagnostic(`${pasts} entitlements of the past were as they had been listed`)
  assert.ok(pasts > 0)
})
