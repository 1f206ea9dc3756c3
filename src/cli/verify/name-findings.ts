import { type CounterValue, findAssignmentsByKey } from '../../budgets/index.ts'
import { findCurrenciesByKey } from '../../catalog/currencies/index.ts'
import { findFeaturesByKey } from '../../catalog/features/index.ts'
import { findResourceIds } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type { CustomerVerification } from '../../engine/verify/index.ts'
import { type Instant, instantToWire } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { LIFETIME, type Window } from '../../kernel/period.ts'
import { type Quantity, quantityToSql } from '../../kernel/quantity.ts'
import { type MeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import type { TotalRow } from '../../metering/rebuild/index.ts'
import type { BudgetName, Figures, Finding } from './finding.ts'

/** The key and the ids of a customer. */
export type CustomerIds = { key: Uuid; environmentId: string; customerId: string }

/** Returns the findings of a customer with ids instead of keys. */
export async function nameFindings(
  reader: Reader,
  { key, ...ids }: CustomerIds,
  verified: CustomerVerification,
): Promise<Finding[]> {
  const { totals, marks, counters, attributions, records, names, postings, subjects } = verified
  const windowNames = await nameWindows(reader, key, [...totals.differences, ...marks.differences])
  const budgetName = await nameBudgets(reader, key, [
    ...counters.differences,
    ...postings.differences,
  ])
  const recordNames = ({ eventKey, occurredAt }: { eventKey: Uuid; occurredAt: Instant }) => {
    return { recordId: eventKey, occurredAt: instantToWire(occurredAt) }
  }
  return [
    ...totals.differences.map(({ stored, recounted, ...metered }) => ({
      ...ids,
      kind: 'total' as const,
      ...windowNames(metered, recounted.window),
      stored: stored && figuresOfTotal(stored),
      recounted: figuresOfTotal(recounted),
    })),
    ...marks.differences.map(({ missing, unfounded, window, ...metered }) => ({
      ...ids,
      kind: 'marks' as const,
      ...windowNames(metered, window),
      missing,
      unfounded,
    })),
    ...counters.differences.map(({ assignmentKey, revision, windowStart, stored, recounted }) => ({
      ...ids,
      kind: 'counter' as const,
      budget: budgetName(assignmentKey),
      revision,
      windowStart: instantToWire(windowStart),
      stored: figuresOfCounter(stored),
      recounted: figuresOfCounter(recounted),
    })),
    ...attributions.differences.map(({ holder, what, key: id, ...each }) => ({
      ...ids,
      kind: 'attribution' as const,
      holder,
      ...recordNames(each),
      what,
      id,
    })),
    ...records.differences.map((each) => ({
      ...ids,
      kind: 'record' as const,
      ...recordNames(each),
    })),
    ...names.differences.map((each) => ({ ...ids, kind: 'name' as const, ...recordNames(each) })),
    ...postings.differences.map(({ assignmentKey, problem, ...each }) => ({
      ...ids,
      kind: 'posting' as const,
      ...recordNames(each),
      budget: budgetName(assignmentKey),
      problem,
    })),
    ...subjects.differences.map(({ what, key: id, records: count }) => {
      return { ...ids, kind: 'subject' as const, what, id, records: count }
    }),
  ]
}

/** Returns a function from keys to ids. It returns the key itself if the object does not exist. */
const idsOf = (things: readonly { key: Uuid; id: string }[]) => {
  const ids = new Map(things.map(({ key, id }) => [key, id]))
  return (key: Uuid): string => ids.get(key) ?? key
}

async function nameWindows(reader: Reader, customerKey: Uuid, metered: readonly MeterSubject[]) {
  const featureKeys = [...new Set(metered.map(({ featureKey }) => featureKey))]
  const featureId = idsOf(await findFeaturesByKey(reader, featureKeys))
  const resourceIds = await findResourceIds(
    reader,
    metered.map(({ resourceKey }) => ({ customerKey, resourceKey })),
  )
  const bound = (at: Instant): string | null => (Number.isFinite(at) ? instantToWire(at) : null)
  return ({ featureKey, resourceKey }: MeterSubject, window: Window) => ({
    featureId: featureId(featureKey),
    resourceId: resourceKey === NO_RESOURCE ? null : (resourceIds.get(resourceKey) ?? resourceKey),
    windowStart: bound(window.start),
    windowEnd: bound(window.end),
  })
}

async function nameBudgets(
  reader: Reader,
  customerKey: Uuid,
  things: readonly { assignmentKey: Uuid }[],
): Promise<(key: Uuid) => BudgetName> {
  const keys = [...new Set(things.map(({ assignmentKey }) => assignmentKey))]
  const assignments = await findAssignmentsByKey(reader, customerKey, keys)
  const capabilityKeys = [...new Set(assignments.map(({ capability }) => capability.key))]
  const capabilityId = idsOf([
    ...(await findFeaturesByKey(reader, capabilityKeys)),
    ...(await findCurrenciesByKey(reader, capabilityKeys)),
  ])
  const names = new Map(
    assignments.map(({ key, entityId, capability, scope }): [Uuid, BudgetName['of']] => {
      const scopeEntityIds = scope.map(({ id }) => id)
      return [key, { entityId, capabilityId: capabilityId(capability.key), scopeEntityIds }]
    }),
  )
  return (key) => ({ id: key, of: names.get(key) ?? null })
}

const figuresOfTotal = ({ isKept, tally, held, lastAt, setAt }: TotalRow): Figures => ({
  isKept: String(isKept),
  count: String(tally.count),
  sum: decimal(tally.sum),
  min: tally.min === null ? null : decimal(tally.min),
  max: tally.max === null ? null : decimal(tally.max),
  distinct: String(tally.distinct),
  held: decimal(held),
  lastAt: lastAt === LIFETIME.start ? null : instantToWire(lastAt),
  setAt: setAt === null ? null : instantToWire(setAt),
})

const figuresOfCounter = ({ usage, held, setAt }: CounterValue): Figures => ({
  usage: decimal(usage),
  held: decimal(held),
  setAt: setAt === null ? null : instantToWire(setAt),
})

const decimal = (quantity: Quantity): string => quantityToSql(quantity).replace(/\.?0+$/, '')
