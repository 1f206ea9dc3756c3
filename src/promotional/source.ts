import { milliseconds, nothing, type Sql, sql } from '../db/index.ts'
import type { EntitlementSource, SourcesOf } from '../entitlements/index.ts'

const ofCustomer = (customerKey: Sql, featureKey: Sql | null): Sql => sql`
  p.customer_key = ${customerKey}
  ${featureKey === null ? nothing : sql`and p.feature_key = ${featureKey}`}`

/**
 * Promotional entitlements as a source of entitlements. They count for all resources. Each revision
 * has a row with its span of time, so that past entitlements can be read.
 */
export const promotionalSource: EntitlementSource = {
  sources: ({ customerKey, featureKey, now }: SourcesOf): Sql => sql`
    select p.feature_key, json_build_object('kind', 'PROMOTIONAL', 'id', p.promotional_key,
      'version', null, 'quantity', 1, 'subscription', null, 'generation', 0,
      'behavior', 'Increment',
      'allowance', json_build_object('limit', p.usage_limit::text,
        'isUnlimited', p.is_unlimited, 'isSoft', p.is_soft, 'enumValues', p.enum_values),
      'reset', case when p.reset_period is not null then
        json_build_object('period', p.reset_period, 'accordingTo', p.reset_according_to) end,
      'anchor', ${milliseconds(sql`p.starts_at`)}, 'countsFrom', null,
      'startsAt', ${milliseconds(sql`coalesce(p.since, p.starts_at)`)},
      'endsAt', case when isfinite(p.ends_at) then ${milliseconds(sql`p.ends_at`)} end,
      'updatedAt', ${milliseconds(sql`p.updated_at`)}) as source
    from promotional_entitlements p where ${ofCustomer(customerKey, featureKey)}
      and p.ends_at > ${now}`,
  endedAt: ({ customerKey, featureKey, now }) => sql`(
    select max(p.ends_at) from promotional_entitlements p
    where ${ofCustomer(customerKey, featureKey)} and p.ends_at <= ${now})`,
}
