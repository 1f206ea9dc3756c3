import { type Feature, findFeatures } from '../../catalog/features/index.ts'
import { findInstant, requireCustomer } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { type EntitlementReads, usageWindow } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inPath } from '../../kernel/field.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  type CustomerMeterSubject,
  NO_RESOURCE,
  type PartialAggregate,
} from '../../metering/index.ts'
import { aggregateOf } from '../../metering/records/index.ts'
import {
  countRecords,
  countTagsAtLeast,
  makeTotals,
  NOTHING,
  tallyStretches,
} from '../../metering/totals/index.ts'
import type { Call } from '../../operation.ts'
import { findResource } from './find-resource.ts'
import { type HistoryPlan, impossible, planHistory, refuseRange } from './plan-history.ts'
import { type Point, traceUsage } from './trace-usage.ts'

/** The usage whose history is read. */
export type HistoryQuery = {
  customerId: string
  featureId: string
  resourceId: string | null
  start: Instant
  /** Exclusive. null: now, including what happens now. */
  end: Instant | null
  /** Names of dimensions to group by. Empty: one series of all usage. */
  groupBy: readonly string[]
}

export type Series = { tags: readonly { key: string; value: string }[]; points: readonly Point[] }
export type History = { series: readonly Series[]; resets: readonly Instant[] }

/** The maximum number of records to read if stored totals are not enough. */
const RECORDS = 2_000_000n
/** The maximum number of points of all series: a response of about 10 MB. */
const POINTS = 100_000
/**
 * The maximum number of segments with usage, in all series. More segments would always give more
 * points than `POINTS`.
 */
const PARTS = 2 * POINTS

/**
 * Returns the history of usage: its running total within the periods of the current entitlement.
 * Daily totals are stored, so a long range is cheap. But if usage is grouped or distinct values are
 * counted, records are read. 404 `CustomerNotFound`, `FeatureNotFound`, `CustomerResourceNotFound`;
 * 400 `MeteringNotAvailableForFeatureType`, `InvalidArgumentError`.
 */
export async function readHistory(
  { app, scope }: Call,
  { readEffectiveEntitlements }: EntitlementReads,
  query: HistoryQuery,
): Promise<History> {
  const { start, end } = query
  const clock = app.clock.now()
  refuseRange({ start, end }, clock)
  return app.db.snapshot(async (reader) => {
    const { metered, feature } = await findMetered(reader, scope, query)
    const now = await findInstant(reader, metered.customerKey, clock)
    const range = { start, end: Math.min(end ?? now + 1, now + 1) }
    if (range.start >= range.end) return { series: [], resets: [] }
    const periodAt = await readPeriods(reader, metered, { now, readEffectiveEntitlements })
    const plan = planHistory(range, periodAt)
    const tracing = {
      aggregate: aggregateOf(feature.meter),
      transformation: feature.unitTransformation,
    }
    const traced = await readTallies(reader, { ...metered, feature }, { plan, query })
    if (traced.length * plan.segments.length > POINTS) throw tooManyPoints()
    return {
      series: traced.map(({ tags, before, tallies }) => ({
        tags: query.groupBy.map((key, index) => ({ key, value: tags[index] ?? '' })),
        points: traceUsage(plan.segments, { before, tallies }, tracing),
      })),
      resets: plan.segments.flatMap(({ window, isFirst }) => (isFirst ? [window.start] : [])),
    }
  })
}

const tooManyPoints = () =>
  impossible(
    'startDate',
    `the range has more than ${POINTS} points; shorten it or group by fewer dimensions`,
  )

async function findMetered(
  reader: Reader,
  scope: Scope,
  { customerId, featureId, resourceId }: HistoryQuery,
): Promise<{ metered: CustomerMeterSubject; feature: Feature }> {
  const customerKey = await requireCustomer(reader, scope, customerId, inPath('customerId'))
  const [[feature], resourceKey] = await Promise.all([
    findFeatures(reader, scope, [featureId]),
    findResource(reader, { customerKey, customerId, resourceId }),
  ])
  if (feature === undefined)
    throw notFound(inPath('featureId'), 'FeatureNotFound', `feature ${featureId} not found`)
  if (feature.meterType === 'None')
    throw badInput(
      inPath('featureId'),
      `the feature ${featureId} is not metered`,
      'MeteringNotAvailableForFeatureType',
    )
  return { metered: { customerKey, resourceKey, featureKey: feature.key }, feature }
}

/** Returns the periods of the current entitlement; without one, all of time. */
async function readPeriods(
  reader: Reader,
  metered: CustomerMeterSubject,
  by: Pick<EntitlementReads, 'readEffectiveEntitlements'> & { now: Instant },
): Promise<(at: Instant) => Window> {
  const resourceKey = metered.resourceKey === NO_RESOURCE ? null : metered.resourceKey
  const queries = [{ ...metered, resourceKey }]
  const [found] = await by.readEffectiveEntitlements(reader, queries, { now: by.now })
  const effective = found?.resolution.effective ?? null
  return effective === null ? () => LIFETIME : (at) => usageWindow(effective, at)
}

type TracedSeries = {
  tags: readonly string[]
  before: PartialAggregate
  tallies: readonly PartialAggregate[]
}

async function readTallies(
  reader: Reader,
  { feature, ...metered }: CustomerMeterSubject & { feature: Feature },
  { plan, query }: { plan: HistoryPlan; query: HistoryQuery },
): Promise<TracedSeries[]> {
  const aggregate = aggregateOf(feature.meter)
  if (query.groupBy.length > 0 || aggregate === 'UNIQUE')
    return readRecords(reader, metered, { plan, dimensions: query.groupBy })
  const windows = windowsOf(plan).map((window) => ({ ...metered, window }))
  const tallies = (await makeTotals(reader, windows)).map(({ tally }) => tally)
  const before = plan.before === null ? NOTHING : required(tallies.shift(), 'what came before')
  return [{ tags: [], before, tallies }]
}

const windowsOf = ({ before, segments }: HistoryPlan): Window[] => [
  ...(before === null ? [] : [before]),
  ...segments.map(({ window }) => window),
]

async function readRecords(
  reader: Reader,
  metered: CustomerMeterSubject,
  { plan, dimensions }: { plan: HistoryPlan; dimensions: readonly string[] },
): Promise<TracedSeries[]> {
  const windows = windowsOf(plan)
  const window = {
    start: required(windows[0], 'a window of a history').start,
    end: required(windows.at(-1), 'a window of a history').end,
  }
  const inWindow = { ...metered, window }
  const records = await countRecords(reader, inWindow)
  if (records > RECORDS)
    throw impossible(
      'startDate',
      `${records} records are too many to be grouped or counted as distinct values; shorten the range`,
    )
  if (dimensions.length > 0) {
    const most = Math.floor(POINTS / plan.segments.length)
    const tags = await countTagsAtLeast(reader, inWindow, { dimensions, most })
    if (tags > most) throw tooManyPoints()
  }
  const found = await tallyStretches(reader, inWindow, {
    dimensions,
    cuts: {
      instants: [...windows.map(({ start }) => start), window.end],
      periods: periodNumbers(plan),
    },
    limit: PARTS + 1,
  })
  if (found.length > PARTS) throw tooManyPoints()
  const offset = plan.before === null ? 0 : 1
  const series = Map.groupBy(found, ({ tags }) => JSON.stringify(tags))
  // Without `groupBy` there is always one series, even without any record.
  if (dimensions.length === 0 && series.size === 0) series.set('[]', [])
  return [...series].map(([tags, own]) => {
    const tallies = new Map(own.map(({ stretch, tally }) => [stretch - offset, tally]))
    return {
      tags: JSON.parse(tags) as string[],
      before: tallies.get(-1) ?? NOTHING,
      tallies: plan.segments.map((_, index) => tallies.get(index) ?? NOTHING),
    }
  })
}

/** Returns the period number of each segment. */
function periodNumbers({ before, segments }: HistoryPlan): number[] {
  let period = 0
  const numbers = segments.map(({ isFirst }) => {
    if (isFirst) period += 1
    return period
  })
  return before === null ? numbers : [0, ...numbers]
}
