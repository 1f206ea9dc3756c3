import type { PromotionalEntitlement, PromotionalEntitlementInput } from '../../api.gen.ts'
import type { Api } from '../api.ts'
import type { DemoGrant } from './demo-data.ts'

/**
 * Creates a promotional entitlement. If the customer has a different one for the feature, that is
 * revoked first.
 */
export async function putGrant(api: Api, { customerId, ...grant }: DemoGrant): Promise<void> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/promotional-entitlements`
  const input: PromotionalEntitlementInput = { ...NO_TERMS, ...grant }
  // There is at most one active promotional entitlement per feature, so one page contains all.
  const { body } = await api.succeed('GET', `${path}?status=Active&limit=100`)
  const before = (body.data as readonly PromotionalEntitlement[]).find(
    ({ feature }) => feature.id === grant.featureId,
  )
  if (before !== undefined && isSame(before, input)) return
  if (before !== undefined)
    await api.succeed('DELETE', `${path}/${encodeURIComponent(input.featureId)}`)
  await api.succeed('POST', path, { promotionalEntitlements: [input] })
}

/** The fields that requests must have, as those of a grant that needs no value. */
export const NO_TERMS = {
  customEndDate: null,
  usageLimit: null,
  hasUnlimitedUsage: null,
  hasSoftLimit: null,
  enumValues: null,
  isVisible: null,
  resetPeriod: null,
  yearlyResetPeriodConfiguration: null,
  monthlyResetPeriodConfiguration: null,
  weeklyResetPeriodConfiguration: null,
} satisfies Partial<PromotionalEntitlementInput>

function isSame(before: PromotionalEntitlement, input: PromotionalEntitlementInput): boolean {
  const anchor =
    input.yearlyResetPeriodConfiguration ??
    input.monthlyResetPeriodConfiguration ??
    input.weeklyResetPeriodConfiguration
  return (
    before.period === input.period &&
    before.usageLimit === input.usageLimit &&
    (before.hasUnlimitedUsage ?? false) === (input.hasUnlimitedUsage ?? false) &&
    (before.hasSoftLimit ?? false) === (input.hasSoftLimit ?? false) &&
    before.enumValues?.join() === input.enumValues?.join() &&
    before.resetPeriod === input.resetPeriod &&
    before.resetPeriodConfiguration?.accordingTo === anchor?.accordingTo
  )
}
