import type { UnknownDimensions } from '../../access/index.ts'
import type { AccessDeniedReason } from '../../api.gen.ts'
import type { Decision } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Shown } from './participant.ts'

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

/** Returns the decision by the entitlement and by dimensions that name no entity. */
export const decisionByEntitlement = ({ evaluated, credit }: Shown): Decision =>
  required(evaluated ?? credit, 'the decision by the entitlement').decision

/** Returns whether a decision is a denial that budgets cannot change. */
export const isFinal = ({ accessDeniedReason }: Pick<Decision, 'accessDeniedReason'>): boolean =>
  accessDeniedReason !== null && FINAL.has(accessDeniedReason)

/**
 * Returns the attribution keys that deny because their values name no entity: all of `unresolved`
 * if the environment has chosen `deny`, otherwise none.
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

/** The denial by budgets. */
export const BUDGET_EXCEEDED: Decision = {
  isGranted: false,
  accessDeniedReason: 'BudgetExceeded',
  rule: 'Budget',
}

/**
 * Adds the denial of a participant to the decision of those before it; null: it does not deny. A
 * denial keeps its reason, so the order of the participants is that of the published reasons.
 */
export const combine = (decision: Decision, denial: Decision | null): Decision =>
  decision.isGranted && denial !== null ? denial : decision
