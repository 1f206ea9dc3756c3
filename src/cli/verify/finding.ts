import { numberOf } from '../number-of.ts'

/** Amounts as exact decimals, instants as ISO 8601, or null. */
export type Figures = Readonly<Record<string, string | null>>

type WindowNames = {
  featureId: string
  resourceId: string | null
  /** Null for both ends means all time. */
  windowStart: string | null
  windowEnd: string | null
}

/** A budget by its entity, capability and scope. If it does not exist, only its id. */
export type BudgetName = {
  id: string
  of: { entityId: string; capabilityId: string; scopeEntityIds: readonly string[] } | null
}

/** A difference between a customer's stored usage and its records, with ids instead of keys. */
export type Finding = { environmentId: string; customerId: string } & (
  | ({ kind: 'total'; stored: Figures | null; recounted: Figures } & WindowNames)
  | ({ kind: 'marks'; missing: number; unfounded: number } & WindowNames)
  | {
      kind: 'counter'
      budget: BudgetName
      revision: number
      windowStart: string
      stored: Figures
      recounted: Figures
    }
  | { kind: 'record' | 'name'; recordId: string; occurredAt: string }
  | {
      kind: 'posting'
      recordId: string
      occurredAt: string
      budget: BudgetName
      problem: keyof typeof PROBLEMS
    }
  | {
      kind: 'attribution'
      holder: 'record' | 'reservation'
      recordId: string
      occurredAt: string
      what: 'budget' | 'entity'
      id: string
    }
  | { kind: 'subject'; what: 'feature' | 'resource'; id: string; records: number }
)

const PROBLEMS = {
  revision: 'the budget never had that revision',
  window: 'the window began after the record occurred',
  feature: 'the record did not count for the feature',
  amount: 'the record counted another amount',
  entity: 'the record is not attributed to the entity and the scope',
}

/** Returns a finding as one line of text. */
export const sentenceOf = (finding: Finding): string =>
  `${finding.environmentId} ${finding.customerId}: ${whatOf(finding)}`

function whatOf(finding: Finding): string {
  switch (finding.kind) {
    case 'total':
      return `total of ${windowName(finding)}: ${differenceOf(finding.stored, finding.recounted)}`
    case 'marks':
      return (
        `marks of ${windowName(finding)}: ` +
        `${finding.missing} missing, ${finding.unfounded} without a record`
      )
    case 'counter': {
      const { budget, revision, windowStart, stored, recounted } = finding
      const counter = `${budgetName(budget)}, revision ${revision}, from ${windowStart}`
      return `counter of ${counter}: ${differenceOf(stored, recounted)}`
    }
    case 'record':
      return `record ${finding.recordId}: its parts contradict each other`
    case 'name':
      return `key of ${finding.recordId}: there is no such record or reservation`
    case 'posting': {
      const { recordId, budget, problem } = finding
      return `record ${recordId}: posted to ${budgetName(budget)}, but ${PROBLEMS[problem]}`
    }
    case 'attribution': {
      const { holder, recordId, what, id } = finding
      return `${holder} ${recordId}: counts for the ${what} ${id}, which does not exist`
    }
    case 'subject': {
      const { what, id, records } = finding
      return `usage of the ${what} ${id}, which does not exist: ${numberOf(records, 'record')}`
    }
  }
}

const windowName = ({ featureId, resourceId, windowStart, windowEnd }: WindowNames): string =>
  [
    featureId,
    ...(resourceId === null ? [] : [` for ${resourceId}`]),
    windowStart === null ? ', all time' : `, ${windowStart} to ${windowEnd}`,
  ].join('')

function budgetName({ id, of }: BudgetName): string {
  if (of === null) return `the budget ${id}`
  const scope = of.scopeEntityIds.length === 0 ? '' : ` within ${of.scopeEntityIds.join(', ')}`
  return `the budget of ${of.entityId} for ${of.capabilityId}${scope}`
}

/** Returns the figures that differ, each with its stored and its correct value. */
function differenceOf(stored: Figures | null, recounted: Figures): string {
  if (stored === null) return 'missing'
  return Object.keys(recounted)
    .filter((name) => stored[name] !== recounted[name])
    .map((name) => `${name} ${stored[name] ?? 'none'} instead of ${recounted[name] ?? 'none'}`)
    .join(', ')
}
