import { findFeaturesByKey } from '../catalog/features/index.ts'
import { findPackageIds } from '../catalog/packages/index.ts'
import { customerWithKey, resourceIdOf } from '../customers/index.ts'
import { column, type Reader, row, rowsOfAnyNumber, sql } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Subscription } from './types.ts'

/** Ids of the objects that subscriptions name, and facts about them that time does not change. */
export type Names = {
  /** By the key of the subscription. */
  facts: ReadonlyMap<Uuid, NamedFacts>
  packageIds: ReadonlyMap<Uuid, string>
  featureIds: ReadonlyMap<Uuid, string>
}

export type NamedFacts = {
  customerId: string
  payingCustomerId: string | null
  billingId: string | null
  resourceId: string | null
}

const factsRow = row<NamedFacts & { key: Uuid }>({
  key: column.from('subscription_key', column.uuid),
  customerId: column.text,
  payingCustomerId: column.nullable(column.text),
  billingId: column.nullable(column.text),
  resourceId: column.nullable(column.text),
})

export type OwnedSubscription = { customerKey: Uuid; subscription: Subscription }

/** A subscription as it can be shown. */
export type NamedSubscription = { subscription: Subscription; names: Names }

/** Returns the ids of everything that subscriptions name. The subscriptions must be stored. */
export async function loadNames(
  reader: Reader,
  subscriptions: readonly OwnedSubscription[],
): Promise<Names> {
  if (subscriptions.length === 0)
    return { facts: new Map(), packageIds: new Map(), featureIds: new Map() }
  const packageKeys = new Set(subscriptions.flatMap(packagesIn))
  const featureKeys = new Set(
    subscriptions.flatMap(({ subscription: { content } }) =>
      content.overrides.map(({ featureKey }) => featureKey),
    ),
  )
  const [facts, packageIds, features] = await Promise.all([
    findFacts(reader, subscriptions),
    findPackageIds(reader, [...packageKeys]),
    featureKeys.size === 0 ? [] : findFeaturesByKey(reader, [...featureKeys]),
  ])
  return {
    facts: new Map(facts.map(({ key, ...each }) => [key, each])),
    packageIds,
    featureIds: new Map(features.map(({ key, id }) => [key, id])),
  }
}

const packagesIn = ({ subscription }: OwnedSubscription): Uuid[] => [
  subscription.planKey,
  ...subscription.content.addons.map(({ addonKey }) => addonKey),
  ...subscription.updates.flatMap(({ change }) => {
    if ('successor' in change) return [change.successor.planKey]
    return change.type === 'ADDON' ? [change.addonKey] : []
  }),
]

/** Returns what subscriptions name, in no particular order. They must be stored. */
export const findFacts = (reader: Reader, subscriptions: readonly OwnedSubscription[]) =>
  reader.many(
    factsRow,
    sql`
    select s.subscription_key, s.billing_id,
      ${resourceIdOf(sql`l.customer_key`, sql`l.resource_key`)} as resource_id,
      (select id from ${customerWithKey(sql`s.customer_key`)} owner) as customer_id,
      (select id from ${customerWithKey(sql`s.paying_customer_key`)} payer) as paying_customer_id
    from ${rowsOfAnyNumber(subscriptions, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      subscription_key: ['uuid', ({ subscription }) => subscription.key],
    })} as asked
      cross join lateral (
        select * from subscriptions s where s.customer_key = asked.customer_key
          and s.subscription_key = asked.subscription_key limit 1
      ) as s
      cross join lateral (
        select * from subscription_revisions r where r.customer_key = s.customer_key
          and r.subscription_key = s.subscription_key and r.until is null limit 1
      ) as r
      cross join lateral (
        select * from subscription_lines l where l.customer_key = r.customer_key
          and l.line_key = r.line_key limit 1
      ) as l`,
  )
