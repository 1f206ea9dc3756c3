import { findUnknownDimensions, type UnknownDimensions } from '../../access/index.ts'
import {
  type BudgetNode,
  budgetPaths,
  type Demand,
  type Kept,
  resolve,
} from '../../budgets/index.ts'
import type { Database, Reader } from '../../db/index.ts'
import {
  type CustomerQuery,
  customerQuery,
  type Decision,
  type EntitlementReads,
  type EvaluatedCredit,
  type Evaluation,
  type FoundCustomer,
  type Readable,
  type Request,
} from '../../entitlements/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { Call } from '../../operation.ts'
import type { Cache } from '../cache/index.ts'
import { denyingIn, denyUnknown, joinDecisions } from './join-decisions.ts'
import { withoutExpired } from './leave-out-expired.ts'
import { readValidUntil, validUntil } from './valid-until.ts'

/** Names of dimensions with their values, in their order. */
export type Dimensions = readonly (readonly [name: string, value: string])[]

export type CapabilityId = { kind: 'feature' | 'currency'; id: string }

/** What a check asks. */
export type Question = {
  customerId: string
  resourceId: string | null
  capability: CapabilityId
  request: Request
  /** null: none were sent, and no budget is asked. */
  dimensions: Dimensions | null
}

/** What a customer is entitled to. */
export type Base =
  | { kind: 'feature'; evaluated: Evaluation }
  | { kind: 'currency'; evaluated: EvaluatedCredit }

/** What the dimensions of a question lead to. */
export type Met = {
  chains: readonly (readonly BudgetNode[])[]
  isGranted: boolean
  /** The keys of dimensions that could have named an entity and did not. */
  unresolved: readonly string[]
  /** Those of them that deny: all, or none. */
  denying: readonly string[]
}

export type CheckResult = Base & {
  decision: Decision
  customerKey: Uuid | null
  /** Whether there are reservations of the customer that have expired and nobody has noted. */
  hasExpired: boolean
  /** null: no budget was asked. */
  met: Met | null
  /** The first instant at which it may change by itself; null: none is known. */
  validUntil: Instant | null
}

/** What checks are made with. `keysOf`: keys by ids, compared with what is read along with them. */
export type CheckContext = {
  entitlements: EntitlementReads
  keysOf(db: Database): Cache<Uuid>
}

/**
 * Whether a customer may use a feature or spend a currency. What does not exist is a denial, but
 * for a currency: 404 `CustomCurrencyNotFound`. All of it is of one instant, and read in one round
 * trip once the keys of the ids are known.
 */
export async function check(
  call: Call,
  { entitlements, keysOf }: CheckContext,
  question: Question,
): Promise<CheckResult> {
  const { db } = call.app
  const keys = keysOf(db)
  const reading = customerQuery(call, question)
  const { dimensions } = question
  if (dimensions === null) {
    const { customer, base } = await answer(entitlements, db, { reading, question })
    return checkedBy(db.read, { base, customer, met: null })
  }
  const work = async (reader: Reader): Promise<CheckResult> => {
    const inside: Readable = { read: reader, snapshot: (work) => work(reader) }
    const names = namesOf(question, reading)
    const customerKey = keys.get(names.customer)
    const capabilityKey = keys.get(names.capability)
    const resolving = (known: Uuid, capabilities: readonly Uuid[]) =>
      resolve(reader, [{ scope: reading.scope, customerKey: known, dimensions }], {
        capabilityKeys: capabilities,
        at: reading.now,
      })
    const [{ customer, base }, choice, early] = await Promise.all([
      answer(entitlements, inside, { reading, question }),
      findUnknownDimensions(reader, reading.scope),
      customerKey !== undefined && capabilityKey !== undefined
        ? resolving(customerKey, [capabilityKey])
        : null,
    ])
    const demand = demandOf(base)
    if (demand !== null) keys.set(names.capability, demand.capabilityKey)
    if (customer.customerKey === null) return checkedBy(reader, { base, customer, met: NOTHING })
    keys.set(names.customer, customer.customerKey)
    const demands = demand === null ? [] : [demand]
    // What was remembered may be of a part that the database has lost.
    const isRight = customerKey === customer.customerKey && capabilityKey === demand?.capabilityKey
    const capabilities = demands.map((each) => each.capabilityKey)
    const found =
      isRight && early !== null ? early : await resolving(customer.customerKey, capabilities)
    const met = meet(found, { demands, customer, choice })
    return checkedBy(reader, { base, customer, met })
  }
  return db.snapshot(work, { plans: 'kept' })
}

const NOTHING: Met = { chains: [], isGranted: true, unresolved: [], denying: [] }

async function checkedBy(
  reader: Reader,
  { base: entitled, customer, met }: { base: Base; customer: FoundCustomer; met: Met | null },
): Promise<CheckResult> {
  const { customerKey, now } = customer
  const resourceKey = customer.resourceKey ?? NO_RESOURCE
  const decision = denyUnknown(entitled.evaluated.decision, (met ?? NOTHING).denying)
  const base = decidedBy(entitled, decision)
  const own =
    base.kind === 'feature' ? base.evaluated : { holding: null, validUntil: null, decision }
  const timed = { base: own, chains: met?.chains ?? [], now }
  return {
    ...base,
    decision: joinDecisions(decision, met ?? NOTHING),
    customerKey,
    hasExpired: customer.expired.length > 0,
    met,
    validUntil:
      customerKey === null
        ? validUntil(timed, null)
        : await readValidUntil(reader, timed, { customerKey, resourceKey }),
  }
}

const decidedBy = (base: Base, decision: Decision): Base =>
  base.kind === 'feature'
    ? { ...base, evaluated: { ...base.evaluated, decision } }
    : { ...base, evaluated: { ...base.evaluated, decision } }

async function answer(
  { answerFeature, answerCredit }: EntitlementReads,
  db: Readable,
  { reading, question }: { reading: CustomerQuery; question: Question },
): Promise<{ customer: FoundCustomer; base: Base }> {
  const { capability, request } = question
  const { kind, id } = capability
  if (kind === 'feature') {
    const found = await answerFeature(db, reading, { featureId: id, request })
    return { customer: found.customer, base: { kind, evaluated: found.answer } }
  }
  const found = await answerCredit(db.read, reading, { currencyId: id, request })
  return { customer: found.customer, base: { kind, evaluated: found.answer } }
}

/** What a question wants of budgets: of a feature that is not metered only what was sent. */
function demandOf(base: Base): Demand | null {
  if (base.kind === 'currency') {
    const { currency, request } = base.evaluated
    const amount = request.usage ?? request.defaultUsage
    return { capabilityKey: currency.key, currencyId: null, transformation: null, amount }
  }
  const { holding, asked } = base.evaluated
  const feature = holding?.feature ?? null
  if (feature === null) return null
  const { usage, defaultUsage } = asked.request
  return {
    capabilityKey: feature.key,
    currencyId: null,
    transformation: feature.unitTransformation,
    amount: usage ?? (feature.meterType === 'None' ? 0n : defaultUsage),
  }
}

type Found = Kept & Awaited<ReturnType<typeof resolve>>

function meet(
  { resolutions, ...kept }: Found,
  asked: { demands: readonly Demand[]; customer: FoundCustomer; choice: UnknownDimensions },
): Met {
  const { demands, customer, choice } = asked
  const [resolution] = resolutions
  if (resolution === undefined) return NOTHING
  const spent = { ...withoutExpired(kept, customer.expired), at: customer.now }
  const { unresolved } = resolution
  const denying = denyingIn(unresolved, choice)
  return { ...budgetPaths(resolution, demands, spent), unresolved, denying }
}

const namesOf = ({ customerId, capability }: Question, { scope }: CustomerQuery) => ({
  customer: `${scope.environmentKey} customer ${customerId}`,
  capability: `${scope.environmentKey} ${capability.kind} ${capability.id}`,
})
