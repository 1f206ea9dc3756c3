import type { Instant } from '../../../src/kernel/clock.ts'
import { inBody } from '../../../src/kernel/field.ts'
import { amountFromWire, type Quantity, quantityToWire } from '../../../src/kernel/quantity.ts'
import { check, fits } from './check.ts'
import {
  afterwards,
  type ConsumeInput,
  type Consumption,
  contentOf,
  judge,
  keep,
  unresolvedOf,
} from './consume.ts'
import { decisionInstant } from './record.ts'
import type { Customer, Decision, Outcome, Refusal, Reservation, State } from './state.ts'
import { isRefusal, writable } from './structure.ts'
import { budgetsOf, compare, type Dimensions, idsIn, pathsOf } from './tree.ts'
import { budgetHeld, budgetUsage, budgetWindow, counts, isOpen } from './usage.ts'

const SECOND_MS = 1000
const USUAL_TTL_SECONDS = 60

const impossible: Refusal = { status: 400, code: 'InvalidArgumentError' }

export type ReserveInput = Omit<ConsumeInput, 'mode'> & { ttlSeconds?: number }

/** `reservation` is null when nothing is held. */
export type ReserveResult = Consumption & { reservation: Reservation | null }

/**
 * Decides like `consume`, and holds the amount. Later decisions include holds, but shown usage does
 * not.
 */
export function reserve(state: State, input: ReserveInput, clock: Instant): Outcome<ReserveResult> {
  const judged = judge(state, input, { operation: 'reserve', clock })
  if (!('verdict' in judged)) {
    const reservation = keptReservation(state, input)
    return 'done' in judged ? { done: { ...judged.done, reservation } } : judged
  }
  const { customer, key, content, at, verdict } = judged
  const { isGranted, reason } = verdict
  const reservation = isGranted ? hold(state, customer, { input, at }) : null
  const decision = { isGranted, reason, recorded: false }
  keep(customer, key, { ...{ content, decision, reservation }, ...unresolvedOf(verdict) })
  const after = afterwards(state, input, { clock, at, verdict })
  return { done: { decision, isRepeated: false, after, reservation } }
}

/** Holds an amount in the budgets to which a record would be attributed now. */
function hold(
  state: State,
  customer: Customer,
  { input, at }: { input: ReserveInput; at: Instant },
): Reservation {
  const { featureId, ttlSeconds = USUAL_TTL_SECONDS, dimensions = {} } = input
  const capability = { kind: 'feature', id: featureId } as const
  const resolved = idsIn(pathsOf(state, customer, dimensions))
  const budgets = budgetsOf(customer, { capability, resolved })
  const reservation: Reservation = {
    ...{ featureId, dimensions: asKept(dimensions) },
    ...{ amount: amountFromWire(input.amount, inBody('amount')), at },
    expiresAt: customer.decidedAt + ttlSeconds * SECOND_MS,
    ...{ status: 'open', committedAmount: null },
    budgets: new Set(budgets.filter((budget) => counts(budget, at))),
  }
  customer.reservations.push(reservation)
  return reservation
}

/** Stored dimensions are ordered by the length of their names, then by the names. */
const asKept = (dimensions: Dimensions): Dimensions =>
  Object.fromEntries(
    Object.entries(dimensions).sort(
      ([one], [other]) => one.length - other.length || compare(one, other),
    ),
  )

function keptReservation(state: State, input: ReserveInput): Reservation | null {
  const key = JSON.stringify(['reserve', input.idempotencyKey])
  const kept = state.customers.get(input.customerId)?.keys.get(key)
  return kept?.content === contentOf(input) ? kept.reservation : null
}

export type ReservationRef = { customerId: string; reservation: Reservation | undefined }
type Overage = 'reject' | 'allow_if_available' | 'allow_overdraft'
export type CommitInput = ReservationRef & { amount?: number; overage?: Overage }
export type CommitResult = Consumption & { reservation: Reservation }

/**
 * Records the used amount of a reservation, in the windows and the budgets in which it was held. An
 * amount within the hold is always granted. A repetition of the same commit gets the same result.
 */
export function commit(state: State, input: CommitInput, clock: Instant): Outcome<CommitResult> {
  const found = find(state, input, clock)
  if ('refused' in found) return found
  const { customer, reservation, now } = found
  const amount =
    input.amount === undefined ? reservation.amount : amountFromWire(input.amount, inBody('amount'))
  if (reservation.status === 'committed' && reservation.committedAmount === amount)
    return { done: settled(state, found, { decision: granted, isRepeated: true, extra: 0n }) }
  if (!isOpen(reservation, now)) return { refused: [impossible] }
  const extra = amount - reservation.amount
  const { overage = 'reject' } = input
  if (extra > 0n && overage === 'reject') return { refused: [impossible] }
  const reason = extra > 0n && overage === 'allow_if_available' ? whyNot(state, found, extra) : null
  if (reason !== null) {
    const decision = { isGranted: false, reason, recorded: false }
    return { done: settled(state, found, { decision, isRepeated: false, extra }) }
  }
  reservation.status = 'committed'
  reservation.committedAmount = amount
  const { featureId, at, budgets } = reservation
  const counted = new Map([...budgets].map((budget) => [budget, amount]))
  customer.records.push({ featureId, amount, mark: null, at, isSet: false, counted })
  return { done: settled(state, found, { decision: granted, isRepeated: false, extra: 0n }) }
}

type Step = { decision: Decision; isRepeated: boolean; extra: Quantity }

/**
 * Returns the result of a commit, with the figures after it in the windows in which the amount was
 * held. If the commit is granted, every node shows that it allows it. If it is denied, each node
 * shows whether it would allow the amount beyond the hold.
 */
function settled(state: State, found: Found, { decision, isRepeated, extra }: Step): CommitResult {
  const { customer, reservation, now } = found
  const { featureId, at, dimensions } = reservation
  const named = { customerId: customer.id, featureId, isHeld: true }
  const asked = { ...named, at, requestedUsage: quantityToWire(extra) }
  const isNamed = Object.keys(dimensions).length > 0
  const outcome = check(state, isNamed ? { ...asked, dimensions } : asked, now)
  if ('refused' in outcome) throw new Error('a feature is never refused')
  const after = outcome.done
  const chains = after.chains?.map((chain) =>
    chain.map((node) => ({ ...node, isGranted: decision.isGranted || node.isGranted })),
  )
  const shown = isRepeated
    ? { chains: null, unresolved: null }
    : { chains: chains ?? null, unresolved: after.unresolved }
  return { decision, isRepeated, after: { ...after, ...shown }, reservation }
}

const granted: Decision = { isGranted: true, reason: null, recorded: true }

type Found = { customer: Customer; reservation: Reservation; now: Instant }

/**
 * Decides the amount beyond the hold like new usage, by the budgets in which the amount is held.
 * Returns the reason of a denial, or null.
 */
function whyNot(state: State, found: Found, extra: Quantity): Decision['reason'] {
  const { customer, reservation, now } = found
  const { featureId, at } = reservation
  const requestedUsage = quantityToWire(extra)
  const base = check(state, { customerId: customer.id, featureId, requestedUsage, at }, now)
  if ('refused' in base) throw new Error('a feature is never refused')
  if (base.done.reason !== null) return base.done.reason
  const isWithin = [...reservation.budgets].every((budget) => {
    const window = budgetWindow(budget, at)
    const held = budgetHeld(customer, { budget, window, now })
    const taken = budgetUsage(customer, budget, window) + held
    return budget.limit === null || fits({ taken, requested: extra, limit: budget.limit })
  })
  return isWithin ? null : 'BudgetExceeded'
}

/** Extends an open reservation in its windows. Never shortens it. */
export function extend(
  state: State,
  input: ReservationRef & { ttlSeconds: number },
  clock: Instant,
): Outcome<Reservation> {
  const found = find(state, input, clock)
  if ('refused' in found) return found
  const { reservation, now } = found
  if (!isOpen(reservation, now)) return { refused: [impossible] }
  const expiresAt = now + input.ttlSeconds * SECOND_MS
  reservation.expiresAt = Math.max(reservation.expiresAt, expiresAt)
  return { done: reservation }
}

/** Ends a hold without usage. Releasing again changes nothing. */
export function release(state: State, input: ReservationRef, clock: Instant): Outcome<Reservation> {
  const found = find(state, input, clock)
  if ('refused' in found) return found
  const { reservation, now } = found
  if (reservation.status === 'released') return { done: reservation }
  if (!isOpen(reservation, now)) return { refused: [impossible] }
  reservation.status = 'released'
  return { done: reservation }
}

function find(
  state: State,
  { customerId, reservation }: ReservationRef,
  clock: Instant,
): Found | { refused: Refusal[] } {
  const customer = writable(state, customerId)
  if (isRefusal(customer)) return { refused: [customer] }
  if (reservation === undefined) return { refused: [{ status: 404, code: null }] }
  const now = decisionInstant(customer, clock)
  customer.decidedAt = now
  return { customer, reservation, now }
}

export function statusOf(
  reservation: Reservation,
  now: Instant,
): 'open' | 'committed' | 'released' | 'expired' {
  const hasExpired = reservation.status === 'open' && !isOpen(reservation, now)
  return hasExpired ? 'expired' : reservation.status
}
