import type { Subscription, SubscriptionEntitlementInput } from '../../../src/api.gen.ts'
import {
  beginsOf,
  type EntitlementFields,
  type FeatureKind,
  NOTHING,
  resetOf,
  termsOf,
} from '../packages/entitlement-values.ts'
import { numberIn } from '../ui/number.ts'

/** An entitlement of one subscription, which replaces that of its plan. */
export type OwnLimit = Subscription['subscriptionEntitlements'][number]

/** The fields of a form that says what a limit says. */
export const fieldsOfLimit = (limit: OwnLimit): EntitlementFields => ({
  ...NOTHING,
  id: limit.id,
  extent: limit.hasUnlimitedUsage ? 'UNLIMITED' : 'LIMITED',
  limit: limit.usageLimit === null ? '' : String(limit.usageLimit),
  isSoft: limit.hasSoftLimit,
  reset: limit.resetPeriod ?? 'NEVER',
  ...beginsOf(limit),
})

/** The part of a request that gives a limit as it is stored. */
export const inputOfLimit = (limit: OwnLimit): SubscriptionEntitlementInput => ({
  id: limit.id,
  type: limit.type,
  ...(limit.usageLimit !== null && { usageLimit: limit.usageLimit }),
  ...(limit.hasUnlimitedUsage && { hasUnlimitedUsage: true }),
  ...(limit.hasSoftLimit && { hasSoftLimit: true }),
  ...resetOf(fieldsOfLimit(limit)),
})

/** The part of a request that gives a limit as it is typed. */
export function inputOfFields(
  fields: EntitlementFields,
  kind: FeatureKind,
): SubscriptionEntitlementInput {
  const terms = termsOf(fields, { kind, amount: numberIn(fields.limit) })
  const { usageLimit, hasUnlimitedUsage, hasSoftLimit } = terms
  return {
    id: fields.id.trim(),
    type: 'FEATURE',
    ...(typeof usageLimit === 'number' && { usageLimit }),
    ...(hasUnlimitedUsage && { hasUnlimitedUsage }),
    ...(hasSoftLimit && { hasSoftLimit }),
    ...(terms.resetPeriod !== undefined && resetOf(fields)),
  }
}

/**
 * The whole list of limits, because a request replaces it. `changed` comes first, where the server
 * finds its mistakes. `replaced`: the id of the limit that it takes the place of, or that goes.
 */
export const limitsWith = (
  stored: readonly OwnLimit[],
  changed: SubscriptionEntitlementInput | null,
  replaced: string | null,
): SubscriptionEntitlementInput[] => [
  ...(changed === null ? [] : [changed]),
  ...stored.filter(({ id }) => id !== replaced).map(inputOfLimit),
]
