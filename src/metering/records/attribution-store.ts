import { type Sql, sql, type Tx } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'

/**
 * A subquery: what the records and open reservations of a customer are attributed to. Columns:
 * `holder` (`record` or `reservation`), its `event_key` and `occurred_at`, `what` (`budget` or
 * `entity`), and its `key`. The time grows with the number of records.
 */
export const attributionsOf = (customerKey: Uuid): Sql => sql`(
  select 'record' as holder, event.event_key, event.occurred_at, leads.what, leads.key
  from usage_events event cross join lateral ${leads(sql`event`)} as leads
  where event.customer_key = ${customerKey}::uuid
  union all
  select 'reservation', held.reservation_key, held.occurred_at, leads.what, leads.key
  from reservations held cross join lateral ${leads(sql`held`)} as leads
  where held.customer_key = ${customerKey}::uuid and held.status = 'open')`

const leads = (holder: Sql): Sql => sql`(
  select 'budget' as what, key from unnest(${holder}.assignment_keys) as of (key)
  union all
  select 'entity', key from unnest(${holder}.entity_keys) as of (key))`

/** The existing budgets and entities of a customer: subqueries of keys. */
export type ExistingKeys = { budgets: Sql; entities: Sql }

/**
 * Removes attributions of a customer's records and open reservations to budgets and entities that
 * do not exist. The row of the customer's version must be locked. Inconsistent records stay
 * unchanged.
 */
export async function dropAttributions(
  tx: Tx,
  customerKey: Uuid,
  { budgets, entities }: ExistingKeys,
): Promise<void> {
  const kept = (keys: Sql) => sql`
    array(
      select key from unnest(${keys}) with ordinality as of (key, position)
      where key in ${entities} order by position)`
  const leadsNowhere = sql`(
    exists (select from unnest(assignment_keys) as of (key) where key not in ${budgets})
    or exists (select from unnest(entity_keys) as of (key) where key not in ${entities}))`
  await Promise.all([
    tx.execute(sql`
      update usage_events event set
        (assignment_keys, assignment_revisions, assignment_windows, assignment_deltas) = (
          select coalesce(array_agg(key order by position), '{}'),
            coalesce(array_agg(revision order by position), '{}'),
            coalesce(array_agg(window_start order by position), '{}'),
            coalesce(array_agg(delta order by position), '{}')
          from unnest(event.assignment_keys, event.assignment_revisions, event.assignment_windows,
            event.assignment_deltas) with ordinality
            as of (key, revision, window_start, delta, position)
          where key in ${budgets}),
        direct_entity_keys = ${kept(sql`event.direct_entity_keys`)},
        entity_keys = ${kept(sql`event.entity_keys`)}
      where customer_key = ${customerKey}::uuid and ${leadsNowhere}
        and cardinality(assignment_keys) = cardinality(assignment_revisions)
        and cardinality(assignment_keys) = cardinality(assignment_windows)
        and cardinality(assignment_keys) = cardinality(assignment_deltas)`),
    tx.execute(sql`
      update reservations held set
        (assignment_keys, assignment_revisions, assignment_windows) = (
          select coalesce(array_agg(key order by position), '{}'),
            coalesce(array_agg(revision order by position), '{}'),
            coalesce(array_agg(window_start order by position), '{}')
          from unnest(held.assignment_keys, held.assignment_revisions, held.assignment_windows)
            with ordinality as of (key, revision, window_start, position)
          where key in ${budgets}),
        direct_entity_keys = ${kept(sql`held.direct_entity_keys`)},
        entity_keys = ${kept(sql`held.entity_keys`)}
      where customer_key = ${customerKey}::uuid and status = 'open' and ${leadsNowhere}
        and cardinality(assignment_keys) = cardinality(assignment_revisions)
        and cardinality(assignment_keys) = cardinality(assignment_windows)`),
  ])
}
