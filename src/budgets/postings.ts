import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { AHEAD_LIMIT_MS, type Attribution, type Posting } from '../metering/index.ts'
import { type CadenceOwner, countsAt, windowOf, windowsBetween } from './cadence.ts'
import type { Budget, Resolution } from './types.ts'

/** The windows in which a revision counts what was posted under those before it. */
export type Carry = { assignmentKey: Uuid; revision: number; windows: readonly Window[] }

/**
 * What the revision that a budget got at `since` takes over: the window then in progress, and later
 * ones as far as records may be ahead. Windows that were over stay as they were. `since` is an
 * instant of decision, so that whatever was counted before was decided no later.
 */
export const carryOf = (
  budget: CadenceOwner & { key: Uuid; revision: number },
  since: Instant,
): Carry => ({
  assignmentKey: budget.key,
  revision: budget.revision,
  windows: windowsBetween(budget, since, since + AHEAD_LIMIT_MS),
})

/** Usage by the name of its counter (`counterName`), signed. What is missing is 0. */
export type Counters = ReadonlyMap<string, Quantity>

/** What is kept of budgets: what was counted, and what open reservations hold. */
export type Kept = { counters: Counters; holds: Counters }

/** The name of a budget's counter in a window. */
export const counterName = (
  { assignmentKey, revision }: Pick<Budget, 'assignmentKey' | 'revision'>,
  window: Pick<Window, 'start'>,
): string => `${assignmentKey} ${revision} ${window.start}`

/**
 * What a record of a capability adds to the budgets that its dimensions lead to: its amount, once
 * to each, in the window that it occurred in. Nothing where it occurred before the budget was
 * created.
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
 * Whom a record is attributed to, and what it adds to their budgets: null where its dimensions name
 * no entity.
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
/** Records with the same dimensions share what these lead to. */
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
