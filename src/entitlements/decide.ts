import type { EntitlementRule } from '../api.gen.ts'
import type { Feature } from '../catalog/features/index.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { neededUnits } from './compare-usage.ts'
import type { Decision, EffectiveEntitlement, Request, Resolution } from './types.ts'

/** Whom a check is about. */
export type Subject = {
  /** null: there is no such customer. */
  customer: 'ACTIVE' | 'ARCHIVED' | null
  /** false: a resource was named that the customer does not have. */
  isResourceKnown: boolean
  /** Among the subscriptions that the check sees. */
  hasActiveSubscription: boolean
}

/** All that a decision about a feature depends on. */
export type DecisionQuery = {
  subject: Subject
  /** null: there is no such feature. */
  feature: Pick<Feature, 'featureType' | 'meterType' | 'unitTransformation'> | null
  resolution: Pick<Resolution, 'held' | 'isRevoked'>
  /**
   * Of the period that the limit is for, with what is held: signed, and before any unit
   * transformation.
   */
  usage: Quantity
  request: Request
}

/**
 * Whether a customer may use a feature, by the first rule that applies. What is requested of a
 * metered feature counts as if it were used already.
 */
export function decide(asked: DecisionQuery): Decision {
  const { feature, request } = asked
  const { held, isRevoked } = asked.resolution
  const stopped = stop(asked.subject)
  if (stopped !== null) return stopped
  if (feature === null) return deny('FeatureNotFound')
  if (held === null && isRevoked) return deny('Revoked')
  if (held === null && !asked.subject.hasActiveSubscription) return deny('NoActiveSubscription')
  if (held === null) return deny('NoFeatureEntitlementInSubscription')
  if (isMismatched(feature, request)) return deny('FeatureTypeMismatch')
  if (feature.featureType === 'BOOLEAN') return grant('BooleanFeature')
  if (feature.featureType === 'ENUM')
    return (request.values ?? []).every((value) => held.enumValues.includes(value))
      ? grant('EnumValues')
      : { isGranted: false, accessDeniedReason: 'RequestedValuesMismatch', rule: 'EnumValues' }
  if (held.isUnlimited) return grant('UnlimitedUsage')
  if (held.isSoft) return grant('SoftLimit')
  return compare({ ...asked, feature, held })
}

/** Why nothing at all may be used; null if something may. */
export function stop({ customer, isResourceKnown }: Subject): Decision | null {
  if (customer === null) return deny('CustomerNotFound')
  if (customer === 'ARCHIVED') return deny('CustomerIsArchived')
  return isResourceKnown ? null : deny('CustomerResourceNotFound')
}

function isMismatched({ featureType }: Pick<Feature, 'featureType'>, request: Request): boolean {
  if (featureType !== 'ENUM' && request.values !== null && request.values.length > 0) return true
  return featureType !== 'NUMBER' && request.usage !== null
}

/** A number that is not metered is compared with what was sent, and granted if nothing was. */
function compare(
  asked: DecisionQuery & {
    feature: NonNullable<DecisionQuery['feature']>
    held: EffectiveEntitlement
  },
): Decision {
  const rule = asked.feature.meterType === 'None' ? 'PlainNumber' : 'HardLimit'
  if (neededUnits(asked) <= (asked.held.limit ?? 0n)) return grant(rule)
  return { isGranted: false, accessDeniedReason: 'RequestedUsageExceedingLimit', rule }
}

const grant = (rule: EntitlementRule): Decision => ({
  isGranted: true,
  accessDeniedReason: null,
  rule,
})

/** A denial whose rule is called like its reason. */
const deny = (rule: EntitlementRule & NonNullable<Decision['accessDeniedReason']>): Decision => ({
  isGranted: false,
  accessDeniedReason: rule,
  rule,
})

/**
 * Whether a customer may spend a currency. Nobody has a wallet yet, and an empty one grants
 * nothing, whatever is asked for.
 */
export function decideCredit(subject: Subject, request: Request): Decision {
  const stopped = stop(subject)
  if (stopped !== null) return stopped
  if (request.values !== null && request.values.length > 0) return deny('FeatureTypeMismatch')
  return { isGranted: false, accessDeniedReason: 'InsufficientCredits', rule: 'CreditBalance' }
}
