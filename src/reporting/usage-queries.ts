import { addsUp, type Feature, findFeatures } from '../catalog/features/index.ts'
import { findCustomerKeys, unknownCustomer } from '../customers/index.ts'
import type { Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput, notFound } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import * as groups from './group-usage.ts'
import * as plan from './plan-usage.ts'
import * as store from './usage-store.ts'

/** What usage is grouped by. */
export type GroupKind = 'customer' | 'entity'

/** The usage that is asked for. */
export type UsageQuery = plan.AskedRange & {
  featureId: string
  /** null: all customers of the environment. */
  customerIds: readonly string[] | null
}

/** A group with its usage. */
export type NamedGroup = { kind: GroupKind; id: string; name: string | null; amount: Quantity }

export type TopUsage = {
  from: Instant
  until: Instant
  completeUntil: Instant
  total: Quantity
  top: readonly NamedGroup[]
  rest: { groups: number; amount: Quantity }
  /** The usage that named no entity. Null unless grouped by entity. */
  unattributed: Quantity | null
}

/** The series of a group, of the rest, of what named no entity, or of everything. */
export type UsageSeries = groups.Increments & {
  kind: GroupKind | 'all' | 'rest' | 'unattributed'
  id: string | null
  name: string | null
}

export type UsageOverTime = {
  from: Instant
  until: Instant
  completeUntil: Instant
  starts: readonly Instant[]
  series: readonly UsageSeries[]
  total: Quantity
  unattributed: Quantity | null
}

/** Totals of days that are read at most, by all customers of an environment. */
const DAYS = 500_000
/** Records that are read at most. */
const RECORDS = 2_000_000n
/** Groups by interval that are read at most. */
const CELLS = 100_000

type UsageFacts = store.UsageOf & { reader: Reader; now: Instant }

/**
 * Returns the groups with the most usage in whole days. 404 `CustomerNotFound`, `FeatureNotFound`;
 * 400 `InvalidArgumentError`, `MeteringNotAvailableForFeatureType`.
 */
export const readTop = (
  { app, scope }: Call,
  query: UsageQuery & { by: GroupKind; limit: number },
): Promise<TopUsage> =>
  app.db.snapshot(async (reader) => {
    const facts = await findFacts(reader, scope, { ...query, now: app.clock.now() }, 'day')
    const { by, limit } = query
    const total = sumOf(await store.sumDays(reader, facts))
    const found =
      by === 'customer' ? await topCustomers(facts, limit, total) : await topEntities(facts, limit)
    return {
      ...{ from: facts.range.start, until: facts.range.end, completeUntil: facts.now, total },
      top: await withNames(facts, by, found.top),
      rest: found.rest,
      unattributed: by === 'entity' ? (found.ungrouped ?? 0n) : null,
    }
  })

/**
 * Returns the usage of each interval of a range: increments, not running totals. 404
 * `CustomerNotFound`, `FeatureNotFound`; 400 `InvalidArgumentError`,
 * `MeteringNotAvailableForFeatureType`.
 */
export const readSeries = (
  { app, scope }: Call,
  query: UsageQuery & { interval: plan.Interval; groupBy: GroupKind | null },
): Promise<UsageOverTime> =>
  app.db.snapshot(async (reader) => {
    const { interval, groupBy } = query
    const facts = await findFacts(reader, scope, { ...query, now: app.clock.now() }, interval)
    const { start, end } = facts.range
    const starts = plan.intervalsOf(facts.range, interval, groupBy !== null)
    const intervals = { interval, starts }
    const { whole, parts } = await readParts(facts, intervals, groupBy)
    const lost = parts.find(({ kind }) => kind === 'unattributed')
    return {
      ...{ from: start, until: end, completeUntil: facts.now, starts },
      series: groupBy === null ? [{ ...ALL, ...whole }] : parts,
      total: whole.total,
      unattributed: groupBy === 'entity' ? (lost?.total ?? 0n) : null,
    }
  })

const ALL = { kind: 'all', id: null, name: null } as const
const REST = { kind: 'rest', id: null, name: null } as const
const UNATTRIBUTED = { kind: 'unattributed', id: null, name: null } as const

const sumOf = (amounts: readonly groups.Amount[]): Quantity =>
  amounts.reduce((sum, { amount }) => sum + amount, 0n)

async function findFacts(
  reader: Reader,
  scope: Scope,
  query: UsageQuery & { by?: GroupKind; groupBy?: GroupKind | null; now: Instant },
  interval: plan.Interval,
): Promise<UsageFacts> {
  const { featureId, customerIds, now } = query
  const range = plan.wholeRange(query, interval, now)
  const isByEntity = query.by === 'entity' || query.groupBy === 'entity'
  if (isByEntity && customerIds?.length !== 1)
    throw plan.impossible('customerId', 'name one customer to group by entity')
  if (interval === 'hour' && customerIds === null)
    throw plan.impossible('customerId', 'name customers to get usage by hour')
  const [[feature], customerKeys] = await Promise.all([
    findFeatures(reader, scope, [featureId]),
    customerIds && requireCustomers(reader, scope, customerIds),
  ])
  const of = { scope, featureKey: requireSum(feature, featureId).key, customerKeys, range }
  await refuseTooMuch(reader, of, { isByRecord: isByEntity || interval === 'hour' })
  return { ...of, reader, now }
}

/** 404 `FeatureNotFound`; 400 for a feature whose usage is no sum. */
function requireSum(feature: Feature | undefined, featureId: string): Feature {
  const field = inQuery('featureId')
  if (feature === undefined)
    throw notFound(field, 'FeatureNotFound', `feature ${featureId} not found`)
  if (feature.meterType === 'None')
    throw badInput(
      field,
      `the feature ${featureId} is not metered`,
      'MeteringNotAvailableForFeatureType',
    )
  if (!addsUp(feature))
    throw plan.impossible(
      'featureId',
      `usage of ${featureId} is neither a sum nor a count; read its history instead`,
    )
  return feature
}

async function requireCustomers(
  reader: Reader,
  scope: Scope,
  customerIds: readonly string[],
): Promise<Uuid[]> {
  const found = await findCustomerKeys(reader, scope, customerIds)
  return [...new Set(customerIds)].map((id) => {
    const key = found.get(id)
    if (key === undefined) throw unknownCustomer(id, inQuery('customerId'))
    return key
  })
}

/** 400 if too many rows would have to be read. Only as many are counted. */
async function refuseTooMuch(
  reader: Reader,
  of: store.UsageOf,
  { isByRecord }: { isByRecord: boolean },
): Promise<void> {
  if ((await store.countDays(reader, of, DAYS)) > DAYS)
    throw plan.impossible('from', `the range has more than ${DAYS} daily totals; shorten it`)
  const days = { start: plan.intervalAt('day', of.range.start), end: of.range.end + DAY_MS }
  if (isByRecord && (await store.countRecordsOf(reader, { ...of, range: days })) > RECORDS)
    throw plan.impossible('from', `the range has more than ${RECORDS} records; shorten it`)
}

const DAY_MS = 86_400_000

async function topCustomers(
  facts: UsageFacts,
  limit: number,
  total: Quantity,
): Promise<groups.Groups> {
  const { top, groups: count } = await store.rankCustomers(facts.reader, facts, limit)
  const rest = { groups: count - top.length, amount: total - sumOf(top.map(undated)) }
  return { top, rest, ungrouped: null }
}

const undated = ({ amount }: { amount: Quantity }) => ({ at: 0, amount })

const topEntities = async (facts: UsageFacts, limit: number): Promise<groups.Groups> =>
  groups.largestGroups(await amountsByEntity(facts, 'day'), limit)

async function amountsByEntity(
  facts: UsageFacts,
  unit: 'hour' | 'day',
): Promise<readonly groups.Amount[]> {
  const amounts = await store.sumByEntity(facts.reader, { ...facts, unit, limit: CELLS + 1 })
  if (amounts.length > CELLS)
    throw plan.impossible(
      'from',
      `the range has more than ${CELLS} pairs of entity and interval; shorten it`,
    )
  return amounts
}

/** Returns the names of groups. A group that was deleted has its key as the id. */
async function withNames(
  { reader, customerKeys }: UsageFacts,
  kind: GroupKind,
  found: readonly { key: Uuid; amount: Quantity }[],
): Promise<NamedGroup[]> {
  const keys = found.map(({ key }) => key)
  const names =
    kind === 'customer'
      ? await store.nameCustomers(reader, keys)
      : await store.nameEntities(reader, required(customerKeys?.[0], 'the only customer'), keys)
  const byKey = new Map(names.map((each) => [each.key, each]))
  return found.map(({ key, amount }) => {
    const { id, name } = byKey.get(key) ?? { id: key, name: null }
    return { kind, id, name, amount }
  })
}

type Parts = { whole: groups.Increments; parts: UsageSeries[] }

async function readParts(
  facts: UsageFacts,
  intervals: groups.Intervals,
  groupBy: GroupKind | null,
): Promise<Parts> {
  const { reader } = facts
  const isHourly = intervals.interval === 'hour'
  const amounts = isHourly
    ? await store.sumHoursByCustomer(reader, facts)
    : await store.sumDays(reader, facts)
  const whole = groups.incrementsOf(intervals, amounts)
  if (groupBy === null) return { whole, parts: [] }
  if (groupBy === 'entity') {
    const cells = await amountsByEntity(facts, isHourly ? 'hour' : 'day')
    return { whole, parts: await entityParts(facts, intervals, cells) }
  }
  const { top } = isHourly
    ? groups.largestGroups(amounts, plan.GROUPS)
    : await store.rankCustomers(reader, facts, plan.GROUPS)
  const customerKeys = top.map(({ key }) => key)
  const cells = isHourly
    ? amounts
    : await store.sumDaysByCustomer(reader, { ...facts, customerKeys })
  const parts = await namedParts(facts, 'customer', { intervals, cells, top })
  const rest = groups.withoutParts(whole, parts)
  const isWhole = rest.values.every((value) => value === 0n)
  return { whole, parts: isWhole ? parts : [...parts, { ...REST, ...rest }] }
}

async function namedParts(
  facts: UsageFacts,
  kind: GroupKind,
  of: {
    intervals: groups.Intervals
    cells: readonly groups.Amount[]
    top: readonly { key: Uuid; amount: Quantity }[]
  },
): Promise<UsageSeries[]> {
  const byKey = Map.groupBy(of.cells, ({ key }) => key ?? null)
  const named = await withNames(facts, kind, of.top)
  return named.map(({ id, name }, index) => ({
    ...{ kind, id, name },
    ...groups.incrementsOf(of.intervals, byKey.get(of.top[index]?.key ?? null) ?? []),
  }))
}

async function entityParts(
  facts: UsageFacts,
  intervals: groups.Intervals,
  cells: readonly groups.Amount[],
): Promise<UsageSeries[]> {
  const { top, rest, ungrouped } = groups.largestGroups(cells, plan.GROUPS)
  const isTop = new Set<Uuid | null>(top.map(({ key }) => key))
  const others = cells.filter(({ key = null }) => key !== null && !isTop.has(key))
  const lost = cells.filter(({ key = null }) => key === null)
  return [
    ...(await namedParts(facts, 'entity', { intervals, cells, top })),
    ...(rest.groups === 0 ? [] : [{ ...REST, ...groups.incrementsOf(intervals, others) }]),
    ...(ungrouped === null ? [] : [{ ...UNATTRIBUTED, ...groups.incrementsOf(intervals, lost) }]),
  ]
}
