import { ENTITY_DEPTH_LIMIT } from '../../config.ts'
import { stateVersionOf } from '../../customers/index.ts'
import { column, milliseconds, nothing, type Reader, row, type Sql, sql } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { quantityToSql } from '../../kernel/quantity.ts'
import { currentUsage } from '../current-usage.ts'
import { PARTS_OF_WINDOW } from '../standings/index.ts'
import { isSought, SCOPES } from '../tree-store.ts'
import type { ListQuery, ListSort } from './types.ts'

const keysRow = row({ keys: column.text })

/**
 * Returns the keys of all entities of a list in its order, as bytes. The cost grows with the length
 * of the list without its filters. Orders and filters by usage look up the counter of each budget.
 */
export async function listKeys(
  reader: Reader,
  customerKey: Uuid,
  { query, now }: { query: ListQuery; now: Instant },
): Promise<Buffer> {
  const { typeIds, search, sortBy, order } = query
  const direction = order === 'asc' ? sql`asc` : sql`desc`
  const { keys } = await reader.one(
    keysRow,
    sql`
    select coalesce(string_agg(encode(uuid_send(listed.entity_key), 'hex'), ''
      order by ${sortBy === 'createdAt' ? nothing : sql`value ${direction} nulls last,`}
        entity_key ${direction}), '') as keys
    from (
      select e.entity_key, ${SORT_VALUES[sortBy]} as value
      from entities e
        ${typeIds === null ? nothing : ofTypes(typeIds)}
        ${readsBudgets(query) ? summaryOfBudgets(customerKey, query, now) : nothing}
      where e.customer_key = ${customerKey}::uuid ${isListed(customerKey, query)}
        ${isSought({ search })} ${passes(query)}
    ) as listed`,
  )
  return Buffer.from(keys, 'hex')
}

const isListed = (customerKey: Uuid, { of, includeArchived }: ListQuery): Sql => {
  if (of.kind === 'all') return includeArchived ? nothing : sql`and e.archived_at is null`
  const isChild =
    of.parentKey === null
      ? sql`and e.parent_key is null`
      : sql`and e.parent_key = ${of.parentKey}::uuid`
  return includeArchived ? isChild : sql`${isChild} and ${leadsToActive(customerKey, sql`e`)}`
}

/**
 * A condition: the entity is active, or an active entity is below it. An archived entity leads to
 * those below it, so a tree without it would lack them.
 */
export const leadsToActive = (customerKey: Uuid, entity: Sql): Sql => {
  const children = (parentKey: Sql) => sql`
    select descendant.entity_key, descendant.archived_at from entities descendant
    where descendant.customer_key = ${customerKey}::uuid and descendant.parent_key = ${parentKey}
    offset 0`
  return sql`(${entity}.archived_at is null or exists (
    with recursive below as (
      select next.*, 1 as level from (${children(sql`${entity}.entity_key`)}) as next
      union all
      select next.*, below.level + 1
      from below cross join lateral (${children(sql`below.entity_key`)}) as next
      where below.archived_at is not null and below.level < ${ENTITY_DEPTH_LIMIT}::integer
    )
    select from below where archived_at is null))`
}

const ofTypes = (typeIds: readonly string[]): Sql => sql`
  cross join lateral (
    select from entity_types of
    where of.entity_type_key = e.entity_type_key and of.id = any(${typeIds}::text[])
    limit 1) t`

const BY_USAGE: readonly ListSort[] = ['currentUsage', 'utilization', 'exhaustsAt']

const readsBudgets = ({ sortBy, scope, minUtilization }: ListQuery): boolean =>
  BY_USAGE.includes(sortBy) || scope !== 'all' || minUtilization !== null

const passes = ({ scope, minUtilization: least }: ListQuery): Sql => sql`
  ${scope === 'all' ? nothing : sql`and summary.count > 0`}
  ${least === null ? nothing : sql`and summary.utilization >= ${quantityToSql(least)}::numeric`}`

/** The value by which entities are ordered, before their keys. */
const SORT_VALUES: Readonly<Record<ListSort, Sql>> = {
  name: sql`coalesce(e.folded_name, lower(e.display_name), lower(e.id)) collate "C"`,
  createdAt: sql`null::numeric`,
  currentUsage: sql`summary.first_usage`,
  utilization: sql`summary.first_utilization`,
  exhaustsAt: sql`summary.first_end`,
}

/** What the budgets of the entity `e` come to: of all capabilities, and of the first one. */
const summaryOfBudgets = (
  customerKey: Uuid,
  { capabilities, scope }: ListQuery,
  now: Instant,
): Sql => sql`
  cross join lateral (
    select count(*) as count, max(used.utilization) as utilization,
      max(units.usage) filter (where asked.number = 1) as first_usage,
      max(used.utilization) filter (where asked.number = 1) as first_utilization,
      min(running.out_at) filter (where asked.number = 1) as first_end
    from unnest((select ${capabilities.map(({ key }) => key)}::uuid[]))
        with ordinality as asked (key, number)
      cross join lateral (
        select * from assignments of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = e.entity_key
          and of.capability_key = asked.key
        offset 0
      ) a
      ${currentUsage({ customerKey, capabilities, now })}
      ${runningOut(now)}
    where true ${SCOPES[scope]}
  ) summary`

/**
 * A join after `currentUsage`: `running.out_at` is `exhaustsAt` of the budget `a` in milliseconds,
 * as `standingOf` computes it, but with the holds of expired reservations until their expiry is
 * stored.
 */
const runningOut = (now: Instant): Sql => sql`
  cross join lateral (
    select ${now}::bigint as now, coalesce(c.usage, 0) as spent,
      a.usage_limit * coalesce(unit.divide, 1) - coalesce(c.usage, 0) - coalesce(c.held, 0) as left,
      greatest(${now}::bigint - ${milliseconds(sql`greatest(c.window_start, a.created_at)`)},
        div(ends.at - ${milliseconds(sql`c.window_start`)}, ${PARTS_OF_WINDOW}::integer)
      ) as elapsed,
      ends.at as ends_at
    from (select ${milliseconds(sql`c.window_start + a.cadence::interval`)} as at) as ends
  ) pace
  cross join lateral (
    select case
      when pace.left <= 0 then pace.now
      when a.is_level or pace.spent <= 0 then null
      else nullif(least(pace.ends_at,
        pace.now + div(pace.left * pace.elapsed, pace.spent)
          + case when pace.left * pace.elapsed % pace.spent > 0 then 1 else 0 end), pace.ends_at)
    end as out_at
  ) running`

const versionRow = row({ structureVersion: column.uuid, decidedAt: column.bound })

/** Returns the version of a customer's structure, and the instant of its last decision. */
export const findVersion = (
  reader: Reader,
  customerKey: Uuid,
): Promise<{ structureVersion: Uuid; decidedAt: Instant }> =>
  reader.one(versionRow, sql`select * from ${stateVersionOf(sql`${customerKey}::uuid`)} as version`)
