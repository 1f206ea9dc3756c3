import type { AccessDeniedReason } from '../../../src/api.gen.ts'

/** Why something was denied, in a few words. */
export const REASONS: Readonly<Record<AccessDeniedReason, string>> = {
  FeatureNotFound: 'unknown feature',
  CustomerNotFound: 'unknown customer',
  CustomerIsArchived: 'customer is archived',
  CustomerResourceNotFound: 'unknown resource',
  NoActiveSubscription: 'no active subscription',
  NoFeatureEntitlementInSubscription: 'not entitled',
  RequestedUsageExceedingLimit: 'limit of the entitlement',
  RequestedValuesMismatch: 'values not held',
  BudgetExceeded: 'budget',
  Unknown: 'unknown',
  FeatureTypeMismatch: 'wrong type of feature',
  Revoked: 'revoked',
  InsufficientCredits: 'not enough credits',
  EntitlementNotFound: 'not entitled',
}
