import type { Instant } from '../../../src/kernel/clock.ts'
import { amountFromWire } from '../../../src/kernel/quantity.ts'
import { type Check, check, isHard } from './check.ts'
import { add, decisionInstant, instantRefusal, reportableRefusal } from './record.ts'
import type { Customer, Decision, KeptAnswer, Outcome, Reason, Refusal, State } from './state.ts'
import type { Dimensions } from './tree.ts'

export type ConsumeInput = {
  customerId: string
  featureId: string
  amount: number
  idempotencyKey: string
  dimensions?: Dimensions
  timestamp?: Instant
  mode?: 'enforce' | 'record'
}

/**
 * The decision, and the figures right after it, of the windows that the use lies in; where an
 * earlier decision is repeated, the figures of now, and nothing of budgets.
 */
export type Consumption = { decision: Decision; isRepeated: boolean; after: Check }

/** Decides about usage and records it, or neither. A key that was used gets its decision again. */
export function consume(state: State, input: ConsumeInput, clock: Instant): Outcome<Consumption> {
  const judged = judge(state, input, { operation: 'consume', clock })
  if (!('verdict' in judged)) return judged
  const { customer, key, content, at, verdict } = judged
  const { isGranted, reason } = verdict
  const { featureId, dimensions = {}, mode } = input
  const recorded = isGranted || (mode === 'record' && isRecordable(reason))
  if (recorded) {
    const amount = amountFromWire(input.amount, 'amount')
    add(state, customer, { featureId, amount, at, mark: null, setTo: null, dimensions })
  }
  const decision = { isGranted, reason, recorded }
  keep(customer, key, { ...{ content, decision, reservation: null }, ...unresolvedOf(verdict) })
  const after = afterwards(state, input, { clock, at, verdict })
  return { done: { decision, isRepeated: false, after } }
}

export const unresolvedOf = ({ unresolved }: Check) => ({ unresolved: unresolved ?? [] })

/** Who is not known may have used something all the same; what nobody holds has no period. */
const isRecordable = (reason: Reason | null): boolean =>
  !isHard(reason) || reason === 'EntitlementNotFound'

/**
 * Remembers what was decided, unless there was nothing to decide by: that may come. What was
 * recorded is remembered in any case.
 */
export function keep(customer: Customer, key: string, answer: KeptAnswer): void {
  const { reason = null, recorded = false } = answer.decision ?? {}
  if (recorded || !isHard(reason)) customer.keys.set(key, answer)
}

/** A new request, and what is decided about it. */
export type ConsumeCase = {
  customer: Customer
  key: string
  content: string
  at: Instant
  verdict: Check
}

/**
 * Decides a request by the windows that contain its instant, as a check would. If there is nothing
 * to decide, returns the outcome: for an unknown customer or feature, which is not stored, and for
 * a key that was used.
 */
export function judge(
  state: State,
  input: ConsumeInput,
  { operation, clock }: { operation: 'consume' | 'reserve'; clock: Instant },
): ConsumeCase | Outcome<Consumption> {
  const { customerId, featureId } = input
  const customer = state.customers.get(customerId)
  const feature = state.features.get(featureId)
  if (customer === undefined || feature === undefined) {
    const after = ask(state, input, { clock, at: clock })
    const decision = { isGranted: false, reason: after.reason, recorded: false }
    return { done: { decision, isRepeated: false, after } }
  }
  const now = decisionInstant(customer, clock)
  const key = JSON.stringify([operation, input.idempotencyKey])
  const content = contentOf(input)
  const kept = customer.keys.get(key)
  const isOther = kept !== undefined && kept.content !== content
  const other: Refusal | null = isOther ? { status: 400, code: 'InvalidArgumentError' } : null
  const isKept = (kept?.decision ?? null) !== null
  const refused = [
    reportableRefusal(feature),
    instantRefusal(input.timestamp, now),
    other,
    isKept ? null : distanceRefusal(input, clock),
  ].filter((each) => each !== null)
  if (refused.length > 0) return { refused }
  customer.decidedAt = now
  const at = input.timestamp ?? now
  if (kept?.decision) {
    const unresolved = input.dimensions === undefined ? null : (kept.unresolved ?? [])
    const after = { ...ask(state, input, { clock, at }), chains: null, unresolved }
    return { done: { decision: kept.decision, isRepeated: true, after } }
  }
  const verdict = ask(state, input, { clock, at })
  return { customer, key, content, at, verdict }
}

/** How far from now something may be that is yet to be allowed. */
const DECIDED_WITHIN_MS = 300_000

/** What is to be allowed is of about now; what is only recorded, of any time that may be stated. */
const distanceRefusal = ({ timestamp, mode }: ConsumeInput, clock: Instant): Refusal | null =>
  timestamp !== undefined && Math.abs(timestamp - clock) > DECIDED_WITHIN_MS && mode !== 'record'
    ? { status: 400, code: 'InvalidArgumentError' }
    : null

/** What a key stands for: a repetition asks for the same. */
export const contentOf = ({ featureId, amount, dimensions = {} }: ConsumeInput): string =>
  JSON.stringify([
    featureId,
    String(amountFromWire(amount, 'amount')),
    Object.entries(dimensions).sort(),
  ])

function ask(state: State, input: ConsumeInput, { clock, at }: { clock: Instant; at: Instant }) {
  const { customerId, featureId, amount, dimensions, mode } = input
  const isRecorded = mode === 'record'
  const asked = { customerId, featureId, requestedUsage: amount, at, isRecorded }
  const outcome = check(state, dimensions === undefined ? asked : { ...asked, dimensions }, clock)
  if ('refused' in outcome) throw new Error('a feature is never refused')
  return outcome.done
}

/** The figures after a step, with whether each budget allowed it, as was decided before it. */
export function afterwards(
  state: State,
  input: ConsumeInput,
  step: { clock: Instant; at: Instant; verdict: Check },
): Check {
  const after = ask(state, input, step)
  const allowed = step.verdict.chains?.flat().map((node) => node.isGranted) ?? []
  const chains = after.chains?.map((chain) =>
    chain.map((node) => ({ ...node, isGranted: allowed.shift() ?? node.isGranted })),
  )
  return { ...after, chains: chains ?? null }
}
