import type { AccessDeniedReason, Decision } from '../entitlements/index.ts'

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

/**
 * The decision about a request on which budgets have a say. What the customer is entitled to comes
 * first: budgets only ever deny, and where both do, its reason stands.
 */
export function joinDecisions(decision: Decision, budgets: { isGranted: boolean }): Decision {
  if (!decision.isGranted || budgets.isGranted) return decision
  return { isGranted: false, accessDeniedReason: 'BudgetExceeded', rule: 'Budget' }
}
