import type { UnknownDimensions } from '../../access/index.ts'
import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Decision } from '../../entitlements/index.ts'

/** Denials that leave nothing to ask budgets for. */
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

/** Whether a customer is denied something for another reason than how much was asked for. */
export const isFinal = ({ accessDeniedReason }: Pick<Decision, 'accessDeniedReason'>): boolean =>
  accessDeniedReason !== null && FINAL.has(accessDeniedReason)

/** The keys of dimensions that deny, since their values name no entity: all that do so, or none. */
export const denyingIn = (unresolved: readonly string[], choice: UnknownDimensions) =>
  choice === 'deny' ? unresolved : []

/**
 * The decision about a request some of whose dimensions deny, if any do. What the customer is
 * entitled to comes first. Such a denial is final: whose budgets would have a say is not known.
 */
export function denyUnknown(decision: Decision, denying: readonly string[]): Decision {
  if (!decision.isGranted || denying.length === 0) return decision
  const accessDeniedReason = 'EntitlementNotFound'
  return { isGranted: false, accessDeniedReason, rule: 'UnknownDimensions' }
}

/** Whether nothing but dimensions denies. */
export const isOfUnknown = ({ rule }: Pick<Decision, 'rule'>): boolean =>
  rule === 'UnknownDimensions'

/**
 * The decision about a request on which budgets have a say. What the customer is entitled to comes
 * first, then whom dimensions name: budgets only ever deny, and where others do, their reason
 * stands.
 */
export function joinDecisions(decision: Decision, budgets: { isGranted: boolean }): Decision {
  if (!decision.isGranted || budgets.isGranted) return decision
  return { isGranted: false, accessDeniedReason: 'BudgetExceeded', rule: 'Budget' }
}
