import type { Instant } from '../../../src/kernel/clock.ts'
import { type Quantity, quantityFromWire } from '../../../src/kernel/quantity.ts'
import {
  type Base,
  type Check,
  type CheckInput,
  chainsOf,
  check,
  isHard,
  meteredBase,
  type Node,
} from './check.ts'
import { add, decisionInstant, instantRefusal, reportableRefusal } from './record.ts'
import type { Customer, Decision, Feature, Outcome, Refusal, State } from './state.ts'
import type { Dimensions } from './tree.ts'
import { grantOf } from './usage.ts'

export type ConsumeInput = {
  customerId: string
  featureId: string
  amount: number
  idempotencyKey: string
  dimensions?: Dimensions
  timestamp?: Instant
  mode?: 'enforce' | 'record'
}

/** The decision, and the figures of a check right after it. */
export type Consumption = { decision: Decision; after: Check }

/** Decides about usage and records it, or neither. A key that was used gets its decision again. */
export function consume(state: State, input: ConsumeInput, clock: Instant): Outcome<Consumption> {
  const judged = judge(state, input, { operation: 'consume', clock })
  if ('refused' in judged || 'answer' in judged) return answered(judged)
  const { customer, asked, key, content, verdict } = judged
  const exceeds = !verdict.isGranted && !isHard(verdict.reason)
  const recorded = verdict.isGranted || (input.mode === 'record' && exceeds)
  const { featureId, amount, at } = asked
  if (recorded)
    add(state, customer, {
      ...{ featureId, amount, at, mark: null, isSet: false },
      dimensions: input.dimensions ?? {},
    })
  const decision = { isGranted: verdict.isGranted, reason: verdict.reason, recorded }
  customer.keys.set(key, { content, decision, reservation: null })
  return { done: { decision, after: afterwards(state, input, { clock, chains: verdict.chains }) } }
}

type Answered = { refused: readonly Refusal[] } | { answer: Consumption }

export const answered = (judged: Answered): Outcome<Consumption> =>
  'answer' in judged ? { done: judged.answer } : { refused: judged.refused }

export type Judged = {
  customer: Customer
  asked: { featureId: string; amount: Quantity; at: Instant; now: Instant }
  key: string
  content: string
  verdict: { isGranted: boolean; reason: Decision['reason']; chains: Node[][] }
}

/**
 * What is decided about a new request; or the answer of one that needs no decision: about an
 * unknown customer or feature, or with a key that was used. Only the latter is remembered.
 */
export function judge(
  state: State,
  input: ConsumeInput,
  { operation, clock }: { operation: 'consume' | 'reserve'; clock: Instant },
): Judged | Answered {
  const customer = state.customers.get(input.customerId)
  const feature = state.features.get(input.featureId)
  if (customer === undefined || feature === undefined) return unknown(state, input, clock)
  const now = decisionInstant(customer, clock)
  const refused = [reportableRefusal(feature), instantRefusal(input.timestamp, now)]
  const key = JSON.stringify([operation, input.featureId, input.idempotencyKey])
  const content = JSON.stringify([input.amount, Object.entries(input.dimensions ?? {}).sort()])
  const kept = customer.keys.get(key)
  if (kept !== undefined && kept.content !== content)
    refused.push({ status: 400, code: 'InvalidArgumentError' })
  const refusals = refused.filter((each) => each !== null)
  if (refusals.length > 0) return { refused: refusals }
  customer.decidedAt = now
  if (kept?.decision) {
    const after = afterwards(state, input, { clock, chains: null })
    return { answer: { decision: kept.decision, after } }
  }
  const amount = quantityFromWire(input.amount, 'amount')
  const asked = { featureId: feature.id, amount, at: input.timestamp ?? now, now }
  const verdict = verdictOf(state, customer, { feature, asked, dimensions: input.dimensions ?? {} })
  return { customer, asked, key, content, verdict }
}

function unknown(state: State, input: ConsumeInput, clock: Instant): Answered {
  const after = afterwards(state, input, { clock, chains: null })
  return {
    answer: { decision: { isGranted: false, reason: after.reason, recorded: false }, after },
  }
}

type Verdict = Judged['verdict']

/** By the windows that the usage lies in. */
function verdictOf(
  state: State,
  customer: Customer,
  wanted: { feature: Feature; asked: Judged['asked']; dimensions: Dimensions },
): Verdict {
  const { feature, asked, dimensions } = wanted
  const base = baseOf(customer, feature, asked)
  if (isHard(base.reason)) return { isGranted: false, reason: base.reason, chains: [] }
  const capability = { kind: 'feature', id: feature.id } as const
  const chains = chainsOf(state, customer, {
    ...{ capability, dimensions, requested: asked.amount },
    ...{ at: asked.at, now: asked.now },
  })
  const isWithin = chains.flat().every(({ isGranted }) => isGranted)
  const reason = base.reason ?? (isWithin ? null : 'BudgetExceeded')
  return { isGranted: reason === null, reason, chains }
}

export function baseOf(customer: Customer, feature: Feature, asked: Judged['asked']): Base {
  if (customer.archived) return { reason: 'CustomerIsArchived', figures: null }
  const grant = grantOf(customer, feature.id, asked.now)
  if (grant === undefined) return { reason: 'NoActiveSubscription', figures: null }
  const { amount, at, now } = asked
  return meteredBase(customer, { feature, grant, requested: amount, at, now })
}

/**
 * The figures after the step, with whether each budget allowed it: as decided, or for a repetition
 * as it would be decided now.
 */
export function afterwards(
  state: State,
  input: ConsumeInput,
  { clock, chains }: { clock: Instant; chains: Node[][] | null },
): Check {
  const { customerId, featureId, dimensions, amount } = input
  const asked: CheckInput = {
    ...{ customerId, featureId, requestedUsage: amount },
    ...(dimensions && { dimensions }),
  }
  const outcome = check(state, asked, clock)
  if ('refused' in outcome) throw new Error('a feature is never refused')
  const { done } = outcome
  const decided = chains?.flat() ?? []
  let index = 0
  const told = done.chains?.map((chain) =>
    chain.map((node) => {
      const isGranted = decided[index]?.isGranted ?? node.isGranted
      index += 1
      return { ...node, isGranted }
    }),
  )
  return { ...done, chains: told ?? null }
}
