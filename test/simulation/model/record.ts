import type { Instant } from '../../../src/kernel/clock.ts'
import { inBody } from '../../../src/kernel/field.ts'
import { type Quantity, quantityFromWire, wholeUnits } from '../../../src/kernel/quantity.ts'
import type { Budget, Customer, Feature, Grant, Meter, Outcome, Refusal, State } from './state.ts'
import { isRefusal, writable } from './structure.ts'
import { budgetsOf, type Dimensions, idsIn, pathsOf } from './tree.ts'
import { counts, customerUsage, grantOf, isOver, lackingOf, shown } from './usage.ts'
import { isIn, periodOf, type Window } from './windows.ts'

/** How far in the future usage may have occurred, in milliseconds. */
const AHEAD_MS = 3_600_000

export type UsageInput = {
  customerId: string
  featureId: string
  value: number
  updateBehavior?: 'DELTA' | 'SET'
  createdAt?: Instant
  dimensions?: Dimensions
  idempotencyKey?: string
  resourceId?: string
}

/** The state of a customer's usage right after an item of a report. */
export type UsageAnswer = { value: number; currentUsage: Quantity; period: Window }

/**
 * Records reported values, all or none. Values beyond a limit count, too. A report without a key
 * always counts, because the response to every earlier one arrived.
 */
export function reportUsage(
  state: State,
  usages: readonly UsageInput[],
  { now }: { now: Instant },
): Outcome<UsageAnswer[]> {
  const refused = usages.flatMap((usage) => usageRefusals(state, usage, now))
  if (refused.length > 0) return { refused }
  return { done: usages.map((usage) => recordUsage(state, usage, now)) }
}

/** Returns the instant of decision: now, or the last decision of the customer if that is later. */
export const decisionInstant = (customer: Customer, now: Instant): Instant =>
  Math.max(now, customer.decidedAt)

function usageRefusals(state: State, usage: UsageInput, clock: Instant): Refusal[] {
  const customer = writable(state, usage.customerId)
  if (isRefusal(customer)) return [customer]
  const now = decisionInstant(customer, clock)
  const feature = state.features.get(usage.featureId)
  if (feature === undefined) return [{ status: 404, code: 'FeatureNotFound' }]
  const refusals: (Refusal | null)[] = [
    usage.resourceId === undefined ? null : { status: 404, code: 'CustomerResourceNotFound' },
    reportableRefusal(feature),
    instantRefusal(usage.createdAt, now),
    entitlementRefusal(customer, feature, { now, at: usage.createdAt ?? now }),
  ]
  return refusals.filter((each) => each !== null)
}

/** Returns why usage of a feature cannot be reported or consumed, or null. */
export function reportableRefusal({ meterType, meter }: Feature): Refusal | null {
  if (meterType === 'None') return { status: 400, code: 'MeteringNotAvailableForFeatureType' }
  if (meter !== null) return { status: 400, code: 'CannotReportUsageForEntitlementWithMeterError' }
  return null
}

export const instantRefusal = (at: Instant | undefined, now: Instant): Refusal | null =>
  at !== undefined && at > now + AHEAD_MS ? { status: 400, code: 'InvalidArgumentError' } : null

type Instants = { now: Instant; at: Instant }

/** Returns the grant at the instant of a report. If there was none, returns the current one. */
const grantFor = ({ grants }: Customer, { id }: Feature, { now, at }: Instants) =>
  grantOf({ grants }, id, at) ?? grantOf({ grants }, id, now)

function entitlementRefusal(
  customer: Customer,
  feature: Feature,
  instants: Instants,
): Refusal | null {
  const { now } = instants
  if (grantFor(customer, feature, instants) !== undefined) return null
  return customer.grants.some((grant) => !isOver(grant, now))
    ? { status: 400, code: 'NoFeatureEntitlementInSubscription' }
    : { status: 404, code: 'NoActiveSubscriptionForCustomer' }
}

/** Records a report. The repetition of a key counts nothing and returns the current usage. */
function recordUsage(state: State, usage: UsageInput, clock: Instant): UsageAnswer {
  const { customer, feature } = known(state, usage)
  const now = decisionInstant(customer, clock)
  customer.decidedAt = now
  const at = usage.createdAt ?? now
  const grant = grantFor(customer, feature, { now, at })
  if (grant === undefined) throw new Error(`no grant of ${feature.id}`)
  const { idempotencyKey } = usage
  const key = JSON.stringify(['usage', feature.id, idempotencyKey])
  const isKnown = idempotencyKey !== undefined && customer.keys.has(key)
  if (idempotencyKey !== undefined)
    customer.keys.set(key, { content: '', decision: null, reservation: null })
  if (!isKnown) count(state, usage, { customer, feature, grant, at })
  // The current period is shown. Without a current grant, that of the report is shown.
  const today = grantOf(customer, feature.id, now)
  const period =
    today === undefined
      ? periodOf(grant.reset, grant.startsAt, at)
      : periodOf(today.reset, today.startsAt, now)
  const currentUsage = shown(customerUsage(customer, feature, period))
  return { value: usage.value, currentUsage, period }
}

function known(state: State, usage: UsageInput): { customer: Customer; feature: Feature } {
  const customer = state.customers.get(usage.customerId)
  const feature = state.features.get(usage.featureId)
  if (customer === undefined || feature === undefined) throw new Error('looked at before')
  return { customer, feature }
}

type Place = { customer: Customer; feature: Feature; grant: Grant; at: Instant }

/**
 * Records a report. A DELTA is recorded unchanged. A SET is recorded as the difference to the total
 * of its period, or as 0 if it is older than the latest SET of that period. Each budget has its own
 * difference (`lackingOf`).
 */
function count(state: State, usage: UsageInput, { customer, feature, grant, at }: Place): void {
  const { dimensions = {} } = usage
  const amount = wholeUnits(usage.value)
  const record = { featureId: feature.id, mark: null, at }
  if (usage.updateBehavior !== 'SET') {
    add(state, customer, { ...record, amount, setTo: null, dimensions })
    return
  }
  const period = periodOf(grant.reset, grant.startsAt, at)
  const isOlder = customer.records.some(
    (each) => each.featureId === feature.id && each.isSet && isIn(period, each.at) && each.at > at,
  )
  const difference = isOlder ? 0n : amount - customerUsage(customer, feature, period)
  add(state, customer, { ...record, amount: difference, setTo: amount, dimensions })
}

export type RecordInput = {
  featureId: string
  amount: Quantity
  mark: string | null
  at: Instant
  /** The value of a SET. */
  setTo: Quantity | null
  dimensions: Dimensions
}

/** Adds a record, attributed to budgets by the current tree. */
export function add(state: State, customer: Customer, recorded: RecordInput): void {
  const { dimensions, setTo, ...record } = recorded
  const { at, amount } = record
  const capability = { kind: 'feature', id: record.featureId } as const
  const resolved = idsIn(pathsOf(state, customer, dimensions))
  const counted = new Map<Budget, Quantity>()
  for (const budget of budgetsOf(customer, { capability, resolved })) {
    if (!counts(budget, at)) continue
    const own = setTo === null ? amount : lackingOf(customer, budget, { value: setTo, at })
    if (own !== null) counted.set(budget, own)
  }
  customer.records.push({ ...record, isSet: setTo !== null, counted })
}

export type EventInput = {
  customerId: string
  eventName: string
  idempotencyKey: string
  dimensions?: Dimensions
  timestamp?: Instant
  resourceId?: string
}

/** Records all events or none. Each counts for all meters that match it, without an entitlement. */
export function reportEvents(
  state: State,
  events: readonly EventInput[],
  clock: Instant,
): Outcome<null> {
  const refused = events.flatMap((event) => eventRefusals(state, event, clock))
  if (refused.length > 0) return { refused }
  for (const event of events) recordEvent(state, event, clock)
  return { done: null }
}

function eventRefusals(state: State, event: EventInput, clock: Instant): Refusal[] {
  const customer = writable(state, event.customerId)
  if (isRefusal(customer)) return [customer]
  const refusals: (Refusal | null)[] = [
    event.resourceId === undefined ? null : { status: 404, code: 'CustomerResourceNotFound' },
    instantRefusal(event.timestamp, decisionInstant(customer, clock)),
  ]
  return refusals.filter((each) => each !== null)
}

function recordEvent(state: State, event: EventInput, clock: Instant): void {
  const customer = state.customers.get(event.customerId)
  if (customer === undefined) throw new Error('looked at before')
  const now = decisionInstant(customer, clock)
  customer.decidedAt = now
  const { eventName, idempotencyKey, timestamp, dimensions = {} } = event
  const key = JSON.stringify(['event', eventName, idempotencyKey, timestamp ?? null])
  if (customer.keys.has(key)) return
  customer.keys.set(key, { content: '', decision: null, reservation: null })
  for (const { id, meter } of state.features.values()) {
    if (meter === null || !takes(meter, event)) continue
    const measured = measure(meter, dimensions)
    if (measured === null) continue
    const recorded = { featureId: id, at: timestamp ?? now, setTo: null, dimensions }
    add(state, customer, { ...recorded, ...measured })
  }
}

const takes = ({ eventName, where }: Meter, event: EventInput): boolean =>
  eventName === event.eventName &&
  (where === null || event.dimensions?.[where.field] === where.value)

/** Returns what an event counts for a meter, or null if it counts nothing. */
function measure(
  meter: Meter,
  dimensions: Dimensions,
): { amount: Quantity; mark: string | null } | null {
  if (meter.function === 'COUNT') return { amount: wholeUnits(1), mark: null }
  const value = dimensions[meter.field ?? '']
  if (meter.function === 'UNIQUE')
    return value === undefined ? null : { amount: 0n, mark: String(value) }
  if (typeof value !== 'number') return null
  return { amount: quantityFromWire(value, inBody(meter.field ?? '')), mark: null }
}
