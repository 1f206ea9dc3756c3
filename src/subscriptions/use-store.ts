import { grantOf } from '../catalog/packages/entitlements/index.ts'
import { column, type Reader, row, sql } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** The most subscriptions that one statement looks at. */
const LOOKED_AT_LIMIT = 2000

/** What a look at a limited number of subscriptions has found. */
export type Look<Place> = {
  isFound: boolean
  /** Where the next look begins; null if there is nothing more. */
  next: Place | null
}

const lookAt = <Place>(rows: readonly (Place & { isFound: boolean })[]): Look<Place> => ({
  isFound: rows.some(({ isFound }) => isFound),
  next: rows.length < LOOKED_AT_LIMIT ? null : (rows.at(-1) ?? null),
})

/** A subscription in the order of customers. */
export type Place = { customerKey: Uuid; key: Uuid }

/** They are before and after the key of any object. */
const FIRST: Uuid = '00000000-0000-0000-0000-000000000000'
const LAST: Uuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const placeRow = row({
  customerKey: column.uuid,
  key: column.from('subscription_key', column.uuid),
  isFound: column.boolean,
})

/**
 * Looks for a subscription that has not ended and gives a feature: by the version of a package, or
 * by itself. Begins after a place, or with the first one if it is null.
 */
export async function lookForFeature(
  reader: Reader,
  { environmentKey }: Scope,
  { featureKey, after }: { featureKey: Uuid; after: Place | null },
): Promise<Look<Place>> {
  const own = JSON.stringify([{ featureKey }])
  const granted = grantOf({
    packageKey: sql`pin."packageKey"`,
    version: sql`pin.version`,
    featureKey: sql`${featureKey}::uuid`,
  })
  const found = await reader.many(
    placeRow,
    sql`
    select r.customer_key, r.subscription_key,
      given.by_package is not null or r.content->'overrides' @> ${own}::jsonb
        or r.content->'units' @> ${own}::jsonb as is_found
    from (
        select * from subscription_revisions
        where environment_key = ${environmentKey}::uuid and until is null and closed_at is null
          and (customer_key, subscription_key)
            > (${after?.customerKey ?? FIRST}::uuid, ${after?.key ?? FIRST}::uuid)
        order by customer_key, subscription_key limit ${LOOKED_AT_LIMIT}::integer
      ) as r
      left join lateral (
        select true
        from jsonb_to_recordset(r.pins) as pin ("packageKey" uuid, version integer)
          cross join lateral (${granted}) as of_version
        limit 1
      ) as given (by_package) on true
    order by r.customer_key, r.subscription_key`,
  )
  return lookAt(found)
}

const keyRow = row({
  key: column.from('subscription_key', column.uuid),
  isFound: column.boolean,
})

/**
 * Looks for a subscription to a plan that has not ended. Begins with the newest one, or before a
 * place.
 */
export async function lookForSubscribers(
  reader: Reader,
  { planKey, before }: { planKey: Uuid; before: Pick<Place, 'key'> | null },
): Promise<Look<Pick<Place, 'key'>>> {
  const found = await reader.many(
    keyRow,
    sql`
    select s.subscription_key, live.is_live is not null as is_found
    from (
        select customer_key, subscription_key from subscriptions
        where plan_key = ${planKey}::uuid and subscription_key < ${before?.key ?? LAST}::uuid
        order by subscription_key desc limit ${LOOKED_AT_LIMIT}::integer
      ) as s
      left join lateral (
        select true from subscription_revisions r
        where r.customer_key = s.customer_key and r.subscription_key = s.subscription_key
          and r.until is null and r.closed_at is null
        limit 1
      ) as live (is_live) on true
    order by s.subscription_key desc`,
  )
  return lookAt(found)
}

const soldRow = row({ planKey: column.uuid })

/** Returns whether plans, given by their keys, ever had subscriptions. */
export async function wereSold(reader: Reader, planKeys: readonly Uuid[]): Promise<boolean> {
  const found = await reader.many(
    soldRow,
    sql`
    select sold.plan_key
    from unnest((select ${planKeys}::uuid[])) as plan (plan_key)
      cross join lateral (
        select s.plan_key from subscriptions s where s.plan_key = plan.plan_key limit 1
      ) as sold
    limit 1`,
  )
  return found.length > 0
}
