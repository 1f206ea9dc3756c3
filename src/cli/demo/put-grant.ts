import type { PromotionalEntitlement, PromotionalEntitlementInput } from '../../api.gen.ts'
import type { Api } from '../api.ts'
import type { DemoGrant } from './demo-data.ts'

/** Grants a feature to a customer; a grant of it that differs is revoked first. */
export async function putGrant(api: Api, { customerId, ...grant }: DemoGrant): Promise<void> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/promotional-entitlements`
  const input: PromotionalEntitlementInput = { ...NOTHING, ...grant }
  // A feature is granted once at a time, and a customer of the demo has few of them.
  const { body } = await api.succeed('GET', `${path}?status=Active&limit=100`)
  const before = (body.data as readonly PromotionalEntitlement[]).find(
    ({ feature }) => feature.id === grant.featureId,
  )
  if (before !== undefined && isAs(before, input)) return
  if (before !== undefined)
    await api.succeed('DELETE', `${path}/${encodeURIComponent(input.featureId)}`)
  await api.succeed('POST', path, { promotionalEntitlements: [input] })
}

const NOTHING = {
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

function isAs(before: PromotionalEntitlement, input: PromotionalEntitlementInput): boolean {
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
