import type { Currency } from '../catalog/currencies/index.ts'
import type { BareFeature } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { type DecisionQuery, decide, type Subject } from './decide.ts'
import type { FoundCustomer } from './entitlement-store.ts'
import type { FeatureState } from './holding.ts'
import type { Decision, Request, Source } from './types.ts'
import { type UsagePeriod, usagePeriod } from './usage-period.ts'
import { validUntil } from './valid-until.ts'

/** What an answer is made of: what is known of a feature of a customer. */
export type Evaluable = Omit<FeatureState, 'totals' | 'sources'> & { sources: readonly Source[] }

/** A question about one feature, and its answer. */
export type Evaluation = {
  asked: DecisionQuery
  decision: Decision
  /** null: there is no such feature. */
  holding: Evaluable | null
  period: UsagePeriod | null
  validUntil: Instant | null
}

/** A question about a currency, and its answer. */
export type EvaluatedCredit = {
  subject: Subject
  request: Request
  currency: Currency
  decision: Decision
}

/** Whom a question is about. A resource that was not named is as good as known. */
export const subjectOf = (customer: FoundCustomer, resourceId: string | null): Subject => ({
  customer:
    customer.customerKey === null ? null : customer.archivedAt === null ? 'ACTIVE' : 'ARCHIVED',
  isResourceKnown: resourceId === null || customer.resourceKey !== null,
  hasActiveSubscription: customer.hasActiveSubscription,
})

/**
 * Answers a question about a feature, by all that was found at `now`. Usage is that of the period
 * which `at` lies in.
 */
export function evaluate(
  subject: Subject,
  holding: Evaluable | null,
  { request, now, at = now }: { request: Request; now: Instant; at?: Instant },
): Evaluation {
  const resolution = holding?.resolution ?? { held: null, isRevoked: false }
  const asked = {
    subject,
    feature: holding?.feature ?? null,
    resolution,
    usage: holding === null ? 0n : holding.used.usage + holding.used.held,
    request: holding === null ? request : mended(request, holding.feature),
  }
  const { held } = resolution
  const period = held === null ? null : usagePeriod(held, at)
  return {
    asked,
    decision: decide(asked),
    holding,
    period,
    validUntil: validUntil(holding?.sources ?? [], period?.window ?? null, now),
  }
}

/**
 * Values come separated by commas and may have commas in them: of pieces that follow each other,
 * as many as make a value of the feature are that value.
 */
function mended(request: Request, { enumConfiguration }: BareFeature): Request {
  const pieces = request.values
  if (pieces === null || enumConfiguration === null) return request
  const known = new Set(enumConfiguration.map(({ value }) => value))
  const values: string[] = []
  for (let start = 0; start < pieces.length; ) {
    const end = lastEnd(pieces, start, known)
    values.push(pieces.slice(start, end).join(','))
    start = end
  }
  return { ...request, values }
}

function lastEnd(pieces: readonly string[], start: number, known: ReadonlySet<string>): number {
  for (let end = pieces.length; end > start; end -= 1)
    if (known.has(pieces.slice(start, end).join(','))) return end
  return start + 1
}
