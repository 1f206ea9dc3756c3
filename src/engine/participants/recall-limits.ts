import type { BareFeature } from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import {
  decideCredit,
  evaluate,
  type FeatureState,
  usageWindow,
  withoutExpiredHolds,
} from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import type { MeterSubject, UsageAmount } from '../../metering/index.ts'
import { aggregateOf } from '../../metering/records/index.ts'
import { findTotals, findUsage, makeTotals, mustBeMade } from '../../metering/totals/index.ts'
import type { TotalsFrom } from './cached-totals.ts'
import { denyUnknown } from './combine.ts'
import type {
  Authorization,
  AuthorizationQuery,
  CheckQuery,
  Decider,
  Recall,
  UsageSource,
} from './participant.ts'

/** A request for a feature, for the entitlement to decide. */
type LimitQuery = Pick<AuthorizationQuery, 'subject' | 'denying'> &
  Pick<CheckQuery, 'now' | 'request'> & {
    /** null: there is no such feature. */
    featureState: FeatureState | null
    /** The period is the one that contains it. Absent: `now`. */
    at?: Instant
  }

/** Decides by the entitlement, and by dimensions that name no entity. */
export function decideByLimit(query: LimitQuery, { shown }: Authorization): Authorization {
  const { subject, featureState, denying } = query
  const entitled = evaluate(subject, featureState, query)
  const decision = denyUnknown(entitled.decision, denying)
  const evaluated = decision === entitled.decision ? entitled : { ...entitled, decision }
  return { decision, shown: { ...shown, evaluated, denying } }
}

/** Returns how the entitlements decide questions. */
export function recallLimits(source: UsageSource, queries: readonly CheckQuery[]): Recall {
  const { limits } = source.cached
  const lookups = queries.map((query): Lookup | null => {
    const meter = meterOf(query)
    return meter && { meter, known: limits.find(meter, source.now) }
  })
  const lacking = lookups.filter((lookup) => lookup !== null).filter((each) => !isComplete(each))
  const recalled = () => queries.map((query, index) => deciderOf(query, lookups[index] ?? null))
  if (lacking.length === 0) return recalled()
  return source.reader && readLacking(source, source.reader, lacking).then(recalled)
}

/** A meter, and the window whose usage is compared with the limit. */
type MeterWindow = MeterSubject & { window: Window }

/** Returns the window whose totals a question needs; null if it needs none. */
function meterOf({ capability, entitlement, resourceKey, now }: CheckQuery): MeterWindow | null {
  const feature = capability.kind === 'feature' ? capability.feature : null
  const effective = entitlement?.resolution.effective ?? null
  if (feature === null || feature.meterType === 'None' || effective === null) return null
  return { featureKey: feature.key, resourceKey, window: usageWindow(effective, now) }
}

/** Credits do not exist yet. */
function deciderOf(query: CheckQuery, lookup: Lookup | null): Decider {
  const { capability, subject, request, denying } = query
  if (capability.kind === 'currency') {
    const decision = denyUnknown(decideCredit(subject, request), denying)
    const credit = { subject, request, currency: capability.currency, decision }
    return ({ shown }) => ({ decision, shown: { ...shown, credit, denying } })
  }
  const featureState = featureStateOf(query, capability.feature, lookup)
  const asked = { subject, request, now: query.now, denying, featureState }
  return (before) => decideByLimit(asked, before)
}

const NONE: UsageAmount = { usage: 0n, held: 0n }

/** Returns a feature with its usage. */
function featureStateOf(
  { entitlement, now, resourceKey, expired }: CheckQuery,
  feature: BareFeature | null,
  lookup: Lookup | null,
): FeatureState | null {
  if (feature === null || entitlement === null) return null
  const { sources, resolution, changesAt } = entitlement
  const { effective } = resolution
  if (lookup === null) {
    const window = effective === null ? LIFETIME : usageWindow(effective, now)
    return { feature, sources, resolution, changesAt, window, used: NONE }
  }
  const { window } = lookup.meter
  const found = findUsage(lookup.known?.totals ?? [], window, aggregateOf(feature.meter))
  const used = required(found, 'usage of a window')
  const state = { feature, sources, resolution, changesAt, window, used }
  return withoutExpiredHolds(state, resourceKey, expired)
}

/** A meter, and what is known of its totals. */
type Lookup = { meter: MeterWindow; known: TotalsFrom | undefined }

const isComplete = ({ meter, known }: Lookup): boolean =>
  known !== undefined && !mustBeMade(known.totals, meter.window)

/**
 * Completes what is known of meters, and caches it. If a needed window has no stored total, it is
 * computed from records.
 */
async function readLacking(
  { customerKey, now, cached, grown }: UsageSource,
  reader: Reader,
  lacking: readonly Lookup[],
): Promise<void> {
  const unread = lacking.filter(({ known }) => known === undefined)
  const queries = unread.map(({ meter }) => ({ ...meter, customerKey, from: now }))
  const stored = await findTotals(reader, queries)
  unread.forEach((lookup, index) => {
    lookup.known = { from: now, totals: stored[index] ?? [] }
  })
  const unmade = lacking.filter((lookup) => !isComplete(lookup))
  const windows = unmade.map(({ meter }) => ({ ...meter, customerKey }))
  const made = await makeTotals(reader, windows)
  unmade.forEach((lookup, index) => {
    const { from, totals } = required(lookup.known, 'the totals of a meter')
    lookup.known = { from, totals: [...totals, ...made.slice(index, index + 1)] }
  })
  for (const { meter, known } of lacking)
    cached.limits.put(meter, required(known, 'the totals of a meter'))
  grown()
}
