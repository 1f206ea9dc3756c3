import type { Currency } from '../catalog/currencies/index.ts'
import type { BareFeature } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { type DecisionQuery, decide, type Subject } from './decide.ts'
import type { FeatureState } from './feature-state.ts'
import type { Decision, Request } from './types.ts'
import { type UsagePeriod, usagePeriod } from './usage-period.ts'
import { validUntil } from './valid-until.ts'

/** A query about a feature, with its decision. */
export type Evaluation = {
  query: DecisionQuery
  decision: Decision
  /** null: the feature does not exist. */
  featureState: FeatureState | null
  period: UsagePeriod | null
  validUntil: Instant | null
}

/** A query about a currency, with its decision. */
export type CreditEvaluation = {
  subject: Subject
  request: Request
  currency: Currency
  decision: Decision
}

/**
 * Evaluates a request for a feature with the facts of `now`. The period is the one that contains
 * `at`.
 */
export function evaluate(
  subject: Subject,
  featureState: FeatureState | null,
  { request, now, at = now }: { request: Request; now: Instant; at?: Instant },
): Evaluation {
  const resolution = featureState?.resolution ?? { effective: null, isRevoked: false }
  const query = {
    subject,
    feature: featureState?.feature ?? null,
    resolution,
    usage: featureState === null ? 0n : featureState.used.usage + featureState.used.held,
    request: featureState === null ? request : rejoinValues(request, featureState.feature),
  }
  const { effective } = resolution
  const period = effective === null ? null : usagePeriod(effective, at)
  return {
    query,
    decision: decide(query),
    featureState,
    period,
    validUntil: validUntil(featureState ?? NO_SOURCES, period?.window ?? null, now),
  }
}

const NO_SOURCES = { sources: [], changesAt: null }

/**
 * Requested values arrive separated by commas, but a value may itself contain commas. So
 * consecutive pieces that form a value of the feature are joined again, the longest match first.
 */
function rejoinValues(request: Request, { enumConfiguration }: BareFeature): Request {
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
