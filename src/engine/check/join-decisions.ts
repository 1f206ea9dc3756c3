import type { UnknownDimensions } from '../../access/index.ts'
import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Decision } from '../../entitlements/index.ts'

/** Reasons of a denial that budgets cannot change. */
const FINAL: ReadonlySet<AccessDeniedReason> = new Set<AccessDeniedReason>([
  'CustomerNotFound',
  'CustomerIsArchived',
  'CustomerResourceNotFound',
  'FeatureNotFound',
  'EntitlementNotFound',
  'NoActiveSubscription',
  'NoFeatureEntitlementInSubscription',
  'Revoked',
  'FeatureTypeMismatch',
])

/** Returns whether a decision is a denial that budgets cannot change. */
export const isFinal = ({ accessDeniedReason }: Pick<Decision, 'accessDeniedReason'>): boolean =>
  accessDeniedReason !== null && FINAL.has(accessDeniedReason)

/**
 * Returns the attribution keys that deny because their values name no entity. By the setting of the
 * environment, these are all of `unresolved` or none.
 */
export const denyingKeys = (unresolved: readonly string[], choice: UnknownDimensions) =>
  choice === 'deny' ? unresolved : []

/**
 * Returns the decision by the entitlement and by dimensions that name no entity. A denial by the
 * entitlement takes precedence. A denial by dimensions is final, because it is unknown which
 * budgets would decide.
 */
export function denyUnknown(decision: Decision, denying: readonly string[]): Decision {
  if (!decision.isGranted || denying.length === 0) return decision
  const accessDeniedReason = 'EntitlementNotFound'
  return { isGranted: false, accessDeniedReason, rule: 'UnknownDimensions' }
}

/** Returns whether a decision is a denial by dimensions that name no entity. */
export const isDeniedByDimensions = ({ rule }: Pick<Decision, 'rule'>): boolean =>
  rule === 'UnknownDimensions'

/**
 * Combines the decision by entitlement and dimensions with that of budgets. Budgets can only deny,
 * and an earlier denial keeps its reason.
 */
export function joinDecisions(decision: Decision, budgets: { isGranted: boolean }): Decision {
  if (!decision.isGranted || budgets.isGranted) return decision
  return { isGranted: false, accessDeniedReason: 'BudgetExceeded', rule: 'Budget' }
}
