import type { GovernanceNode, ThresholdConfig, Assignment as WireAssignment } from '../api.gen.ts'
import { required } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Window } from '../kernel/period.ts'
import { type Quantity, quantityToWire } from '../kernel/quantity.ts'
import type { BudgetNode } from './budget-path.ts'
import { LEVEL_WINDOW, windowOf } from './cadence.ts'
import type { Threshold, ThresholdCheck } from './cross-thresholds.ts'
import type { Assignment, Budget, Capability, TreeRow } from './types.ts'

export const orNull = (quantity: Quantity | null): number | null =>
  quantity === null ? null : quantityToWire(quantity)

/** Displayed usage is at least 0, although corrections may have removed more than there was. */
const usageToWire = (usage: Quantity): number => quantityToWire(usage < 0n ? 0n : usage)

export const capabilityToWire = (kind: Capability['kind'], id: string) =>
  kind === 'feature' ? { featureId: id } : { currencyId: id }

/** `capabilityId` is the id of the feature or the currency. */
export const assignmentToWire = (assignment: Assignment, capabilityId: string): WireAssignment => ({
  id: assignment.key,
  entityId: assignment.entityId,
  ...capabilityToWire(assignment.capability.kind, capabilityId),
  scopeEntityIds: assignment.scope.map(({ id }) => id),
  usageLimit: orNull(assignment.usageLimit),
  cadence: assignment.cadence,
  parentId: assignment.parentId,
  createdAt: instantToWire(assignment.createdAt),
  updatedAt: instantToWire(assignment.updatedAt),
})

/** Contains the field names of both API generations: clients of the older one read `entityType`. */
export function treeRowToWire(
  row: TreeRow,
  capabilities: ReadonlyMap<string, { kind: Capability['kind']; id: string }>,
  now: Instant,
): GovernanceNode {
  const { budget } = row
  const entity = {
    entityId: row.entityId,
    entityTypeId: row.entityTypeId,
    entityType: row.entityTypeId,
    displayName: row.displayName,
    parentId: row.parentId,
  }
  if (budget === null)
    return {
      ...entity,
      scopeEntityIds: [],
      usageLimit: null,
      currentUsage: null,
      utilization: null,
      cadence: null,
      usagePeriodStart: null,
      usagePeriodEnd: null,
    }
  const { kind, id } = required(capabilities.get(budget.capabilityKey), 'what the row budgets')
  const window = windowOf(budget, now)
  return {
    ...entity,
    ...capabilityToWire(kind, id),
    scopeEntityIds: [...budget.scopeEntityIds],
    usageLimit: orNull(budget.usageLimit),
    currentUsage: quantityToWire(budget.currentUsage),
    utilization: orNull(budget.utilization),
    cadence: budget.cadence,
    ...windowToWire(window),
  }
}

/** A level has no windows. */
export const windowToWire = (window: Window) =>
  window === LEVEL_WINDOW
    ? { usagePeriodStart: null, usagePeriodEnd: null }
    : {
        usagePeriodStart: instantToWire(window.start),
        usagePeriodEnd: instantToWire(window.end),
      }

/** A node of a budget path in a check. Called chain in the API. */
export const chainNodeToWire = (node: BudgetNode) => ({
  entityId: node.entityId,
  scopeEntityIds: [...node.scopeEntityIds],
  ...(node.currencyId === null ? {} : { currencyId: node.currencyId }),
  usageLimit: orNull(node.usageLimit),
  currentUsage: usageToWire(node.currentUsage),
  isGranted: node.isGranted,
  remaining: orNull(node.remaining),
  holds: quantityToWire(node.holds),
  resetsAt: resetOf(node.budget),
})

/** A level is not reset. */
const resetOf = (budget: BudgetNode['budget']): string | null =>
  budget !== null && Number.isFinite(budget.window.end) ? instantToWire(budget.window.end) : null

export const thresholdsToWire = (thresholds: readonly Threshold[]): ThresholdConfig => ({
  thresholds: thresholds.map(quantityToWire),
})

/** The event for a budget that crosses thresholds. It names all that one record has crossed. */
export const usageExceededToWire = (
  budget: Budget,
  reached: Pick<ThresholdCheck, 'usage' | 'window'> & { thresholds: readonly Threshold[] },
  capability: { kind: Capability['kind']; id: string },
) => ({
  entityId: budget.entityId,
  ...capabilityToWire(capability.kind, capability.id),
  scopeEntityIds: [...budget.scopeEntityIds],
  ...thresholdsToWire(reached.thresholds),
  usageLimit: orNull(budget.usageLimit),
  currentUsage: usageToWire(reached.usage),
  cadence: budget.cadence,
  ...windowToWire(reached.window),
})
