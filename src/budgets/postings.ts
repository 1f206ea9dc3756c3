import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { AHEAD_LIMIT_MS, type Attribution, type Posting } from '../metering/index.ts'
import { type CadenceOwner, countsAt, windowOf, windowsBetween } from './cadence.ts'
import type { Budget, Resolution } from './types.ts'

/** The windows that a revision takes over from earlier revisions. */
export type Carry = { assignmentKey: Uuid; revision: number; windows: readonly Window[] }

/**
 * Returns the windows that a revision takes over. The revision began at `since`. One is the window
 * in progress at that instant. The others are later: a record may be ahead of the clock, so records
 * may have occurred in them already. Windows that were over do not change.
 * `since` is an instant of decision, so no usage of earlier revisions was decided later.
 */
export const carryOf = (
  budget: CadenceOwner & { key: Uuid; revision: number },
  since: Instant,
): Carry => ({
  assignmentKey: budget.key,
  revision: budget.revision,
  windows: windowsBetween(budget, since, since + AHEAD_LIMIT_MS),
})

/** Usage by `counterName`, signed. Missing counters are 0. */
export type Counters = ReadonlyMap<string, Quantity>

/** Stored usage and holds of budgets. */
export type StoredUsage = { counters: Counters; holds: Counters }

/** Returns the name of a budget's counter in a window. */
export const counterName = (
  { assignmentKey, revision }: Pick<Budget, 'assignmentKey' | 'revision'>,
  window: Pick<Window, 'start'>,
): string => `${assignmentKey} ${revision} ${window.start}`

/**
 * Returns the postings of a record to the budgets that its dimensions lead to: its amount, once to
 * each budget, in the window in which it occurred. A budget that was created later gets none.
 */
export function postingsOf(
  resolution: Pick<Resolution, 'budgets'>,
  record: { capabilityKey: Uuid; amount: Quantity; occurredAt: Instant },
): Posting[] {
  return resolution.budgets
    .filter((budget) => budget.capabilityKey === record.capabilityKey)
    .filter((budget) => countsAt(budget, record.occurredAt))
    .map((budget) => ({
      assignmentKey: budget.assignmentKey,
      revision: budget.revision,
      window: windowOf(budget, record.occurredAt),
      delta: record.amount,
    }))
}

/**
 * Returns the entities that a record is attributed to and its postings to their budgets. Null if
 * its dimensions name no entity.
 */
export function attributionOf(
  resolution: Pick<Resolution, 'paths' | 'budgets'>,
  record: { measured: readonly { featureKey: Uuid; amount: Quantity }[]; occurredAt: Instant },
): Attribution | null {
  const { measured, occurredAt } = record
  if (resolution.paths.length === 0) return null
  return {
    ...entitiesOf(resolution.paths),
    postings: measured.flatMap(({ featureKey, amount }) =>
      postingsOf(resolution, { capabilityKey: featureKey, amount, occurredAt }),
    ),
  }
}

type Entities = Pick<Attribution, 'direct' | 'entities'>
/** Records with the same dimensions share their entities. */
const known = new WeakMap<Resolution['paths'], Entities>()

function entitiesOf(paths: Resolution['paths']): Entities {
  const before = known.get(paths)
  if (before !== undefined) return before
  const keys = paths.map((path) => path.map(({ entityKey }) => entityKey))
  const entities = {
    direct: keys.flatMap((path) => path.slice(0, 1)),
    entities: [...new Set(keys.flat())],
  }
  known.set(paths, entities)
  return entities
}
