import type { PromotionalEntitlement, PromotionalEntitlementInput } from '../../contract.gen.ts'
import type { Api } from '../api.ts'
import type { DemoGrant } from './demo-data.ts'

/** Grants a feature for life; a grant of it that is there and differs is revoked first. */
export async function putGrant(api: Api, { customerId, ...grant }: DemoGrant): Promise<void> {
  const path = `/api/v1/customers/${encodeURIComponent(customerId)}/promotional-entitlements`
  // At most one grant of a feature is in force, and a customer of the demo has few.
  const { body } = await api.succeed('GET', `${path}?status=Active&limit=100`)
  const grants = body.data as readonly PromotionalEntitlement[]
  const before = grants.find(({ feature }) => feature.id === grant.featureId)
  if (before !== undefined && isAsGranted(before, grant)) return
  if (before !== undefined)
    await api.succeed('DELETE', `${path}/${encodeURIComponent(grant.featureId)}`)
  await api.succeed('POST', path, { promotionalEntitlements: [inputOf(grant)] })
}

const isAsGranted = (before: PromotionalEntitlement, grant: Omit<DemoGrant, 'customerId'>) =>
  before.period === 'lifetime' &&
  before.usageLimit === grant.usageLimit &&
  before.hasUnlimitedUsage === grant.hasUnlimitedUsage &&
  before.resetPeriod === grant.resetPeriod

const inputOf = (grant: Omit<DemoGrant, 'customerId'>): PromotionalEntitlementInput => ({
  ...grant,
  period: 'lifetime',
  customEndDate: null,
  hasSoftLimit: null,
  enumValues: null,
  isVisible: null,
  yearlyResetPeriodConfiguration: null,
  monthlyResetPeriodConfiguration: null,
  weeklyResetPeriodConfiguration: null,
})
