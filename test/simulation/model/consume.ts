import type { Instant } from '../../../src/kernel/clock.ts'
import { inBody } from '../../../src/kernel/field.ts'
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
 * The decision, and the figures after it in the windows of the use. A repetition has the first
 * decision, the current figures, and no chains.
 */
export type Consumption = { decision: Decision; isRepeated: boolean; after: Check }

/** Decides and records in one step. A repetition of a key gets the first decision. */
export function consume(state: State, input: ConsumeInput, clock: Instant): Outcome<Consumption> {
  const judged = judge(state, input, { operation: 'consume', clock })
  if (!('verdict' in judged)) return judged
  const { customer, key, content, at, verdict } = judged
  const { isGranted, reason } = verdict
  const { featureId, dimensions = {}, mode } = input
  const recorded = isGranted || (mode === 'record' && isRecordable(reason))
  if (recorded) {
    const amount = amountFromWire(input.amount, inBody('amount'))
    add(state, customer, { featureId, amount, at, mark: null, setTo: null, dimensions })
  }
  const decision = { isGranted, reason, recorded }
  keep(customer, key, { ...{ content, decision, reservation: null }, ...unresolvedOf(verdict) })
  const after = afterwards(state, input, { clock, at, verdict })
  return { done: { decision, isRepeated: false, after } }
}

export const unresolvedOf = ({ unresolved }: Check) => ({ unresolved: unresolved ?? [] })

/**
 * Returns whether mode `record` records the usage although it is denied. Without an entitlement it
 * does not, because the usage has no period. With unknown dimensions it does.
 */
const isRecordable = (reason: Reason | null): boolean =>
  !isHard(reason) || reason === 'EntitlementNotFound'

/**
 * Stores the decision for repetitions, if it was recorded, or if a limit or a budget decided. Other
 * denials are not stored, because their cause may be gone when the request is repeated.
 */
export function keep(customer: Customer, key: string, answer: KeptAnswer): void {
  const { reason = null, recorded = false } = answer.decision ?? {}
  if (recorded || !isHard(reason)) customer.keys.set(key, answer)
}

/** A new request and its decision. */
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

/** How far from now the timestamp of usage may be that limits decide, in milliseconds. */
const DECIDED_WITHIN_MS = 300_000

/** Limits decide only usage of about now. Mode `record` accepts all timestamps of reports. */
const distanceRefusal = ({ timestamp, mode }: ConsumeInput, clock: Instant): Refusal | null =>
  timestamp !== undefined && Math.abs(timestamp - clock) > DECIDED_WITHIN_MS && mode !== 'record'
    ? { status: 400, code: 'InvalidArgumentError' }
    : null

/** Returns what a repetition of a key must have in common with the first request. */
export const contentOf = ({ featureId, amount, dimensions = {} }: ConsumeInput): string =>
  JSON.stringify([
    featureId,
    String(amountFromWire(amount, inBody('amount'))),
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

/** Returns the figures after a step. Each node shows whether it allowed the step, before it. */
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
