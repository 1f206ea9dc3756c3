import type { EntitlementRule } from '../api.gen.ts'
import type { Feature } from '../catalog/features/index.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { neededUnits } from './compare-usage.ts'
import type { Decision, EffectiveEntitlement, Request, Resolution } from './types.ts'

/** The customer, and the resource if any, that a decision is about. */
export type Subject = {
  /** null: the customer does not exist. */
  customer: 'ACTIVE' | 'ARCHIVED' | null
  /** false: the request names a resource that the customer does not have. */
  isResourceKnown: boolean
  /** Whether one of the subscriptions that count for the request is active. */
  hasActiveSubscription: boolean
}

/** Everything that a decision about a feature depends on. */
export type DecisionQuery = {
  subject: Subject
  /** null: the feature does not exist. */
  feature: Pick<Feature, 'featureType' | 'meterType' | 'unitTransformation'> | null
  resolution: Pick<Resolution, 'effective' | 'isRevoked'>
  /** Usage in the period of the limit, including holds, before any unit transformation. Signed. */
  usage: Quantity
  request: Request
}

/**
 * Decides whether a customer may use a feature. The first rule that applies decides. The requested
 * usage of a metered feature is added to its current usage.
 */
export function decide(query: DecisionQuery): Decision {
  const { feature, request } = query
  const { effective, isRevoked } = query.resolution
  const denial = deniedOutright(query.subject)
  if (denial !== null) return denial
  if (feature === null) return deny('FeatureNotFound')
  if (effective === null && isRevoked) return deny('Revoked')
  if (effective === null && !query.subject.hasActiveSubscription)
    return deny('NoActiveSubscription')
  if (effective === null) return deny('NoFeatureEntitlementInSubscription')
  if (isMismatched(feature, request)) return deny('FeatureTypeMismatch')
  if (feature.featureType === 'BOOLEAN') return grant('BooleanFeature')
  if (feature.featureType === 'ENUM')
    return (request.values ?? []).every((value) => effective.enumValues.includes(value))
      ? grant('EnumValues')
      : { isGranted: false, accessDeniedReason: 'RequestedValuesMismatch', rule: 'EnumValues' }
  if (effective.isUnlimited) return grant('UnlimitedUsage')
  if (effective.isSoft) return grant('SoftLimit')
  return compare({ ...query, feature, effective })
}

/** Returns the denial if the customer may use nothing at all, otherwise null. */
function deniedOutright({ customer, isResourceKnown }: Subject): Decision | null {
  if (customer === null) return deny('CustomerNotFound')
  if (customer === 'ARCHIVED') return deny('CustomerIsArchived')
  return isResourceKnown ? null : deny('CustomerResourceNotFound')
}

/** Why a list of entitlements is empty. It has fewer reasons than a check. */
export type ListDenialReason = 'CustomerNotFound' | 'CustomerIsArchived' | 'NoActiveSubscription'

/**
 * Returns why a list shows no entitlements; null if it shows those that there are. `hasAnything`:
 * whether any source is in force. An unknown resource counts as one without a subscription.
 */
export function listDenial(subject: Subject, hasAnything: boolean): ListDenialReason | null {
  const rule = deniedOutright(subject)?.rule ?? null
  if (rule === 'CustomerNotFound' || rule === 'CustomerIsArchived') return rule
  const isEntitled = rule === null && (hasAnything || subject.hasActiveSubscription)
  return isEntitled ? null : 'NoActiveSubscription'
}

function isMismatched({ featureType }: Pick<Feature, 'featureType'>, request: Request): boolean {
  if (featureType !== 'ENUM' && request.values !== null && request.values.length > 0) return true
  return featureType !== 'NUMBER' && request.usage !== null
}

/**
 * If the feature is not metered, the request is compared with the limit. A request without usage is
 * granted.
 */
function compare(
  query: DecisionQuery & {
    feature: NonNullable<DecisionQuery['feature']>
    effective: EffectiveEntitlement
  },
): Decision {
  const rule = query.feature.meterType === 'None' ? 'PlainNumber' : 'HardLimit'
  if (neededUnits(query) <= (query.effective.limit ?? 0n)) return grant(rule)
  return { isGranted: false, accessDeniedReason: 'RequestedUsageExceedingLimit', rule }
}

const grant = (rule: EntitlementRule): Decision => ({
  isGranted: true,
  accessDeniedReason: null,
  rule,
})

/** Returns a denial whose rule has the same name as its reason. */
const deny = (rule: EntitlementRule & NonNullable<Decision['accessDeniedReason']>): Decision => ({
  isGranted: false,
  accessDeniedReason: rule,
  rule,
})

/**
 * Decides whether a customer may spend a currency. Credits do not exist yet, so the result is
 * always a denial.
 */
export function decideCredit(subject: Subject, request: Request): Decision {
  const denial = deniedOutright(subject)
  if (denial !== null) return denial
  if (request.values !== null && request.values.length > 0) return deny('FeatureTypeMismatch')
  return { isGranted: false, accessDeniedReason: 'InsufficientCredits', rule: 'CreditBalance' }
}
