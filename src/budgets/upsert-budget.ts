import type { UpsertResult } from '../entities/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Assignment, AssignmentInput } from './types.ts'

/** The identity of a budget: everything except limit and cadence. */
export type AssignmentName = Pick<Assignment, 'entityKey' | 'entityId' | 'capability' | 'scope'>

/**
 * Returns a budget after an upsert. A new one needs a limit and a cadence (400). An existing one
 * keeps fields that the row leaves out. A new cadence begins a new revision, except for a level.
 * `parentId` is the entity's parent after the request. If the parent changes, this counts as a
 * change of each budget of the entity that is in the request.
 */
export function upsertAssignment(
  before: Assignment | null,
  input: Pick<AssignmentInput, 'where' | 'usageLimit' | 'cadence'>,
  at: { name: AssignmentName; isLevel: boolean; parentId: string | null; key: Uuid; now: Instant },
): UpsertResult<Assignment> {
  const { name, isLevel, parentId, key, now } = at
  if (before === null) {
    const { where, usageLimit, cadence } = input
    if (usageLimit === undefined)
      throw badInput(
        where.at('usageLimit'),
        `${where}: usageLimit is required to create a budget; null means unlimited`,
      )
    if (cadence === undefined)
      throw badInput(where.at('cadence'), `${where}: cadence is required to create a budget`)
    const revision = 1
    const times = { createdAt: now, updatedAt: now }
    return {
      before,
      after: { key, ...name, parentId, usageLimit, cadence, isLevel, revision, ...times },
      change: 'created',
    }
  }
  const usageLimit = input.usageLimit === undefined ? before.usageLimit : input.usageLimit
  const cadence = input.cadence ?? before.cadence
  const isSame =
    usageLimit === before.usageLimit && cadence === before.cadence && parentId === before.parentId
  if (isSame) return { before, after: before, change: null }
  const isCountedOn = cadence === before.cadence || before.isLevel
  const revision = isCountedOn ? before.revision : before.revision + 1
  const after = { ...before, parentId, usageLimit, cadence, revision, updatedAt: now }
  return { before, after, change: 'updated' }
}
