import { ENTITY_DEPTH_LIMIT } from '../config.ts'
import { column, type Reader, row, rowReader, rows, rowWriter, type Sql, sql } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Descendants } from './attach-entities.ts'
import type { HierarchyPosition } from './types.ts'

const placeRow = row<HierarchyPosition>({
  key: column.from('entity_key', column.uuid),
  id: column.text,
  parentKey: column.nullable(column.uuid),
  placedAt: column.nullable(column.instant),
  archivedAt: column.nullable(column.instant),
})

/**
 * Returns the hierarchy positions of a customer's entities by their ids, and of all their
 * ancestors, without duplicates.
 */
export const findPositions = rowReader(
  placeRow,
  // Rows that were found are not visited again, so the recursion ends even if the parents form a
  // cycle.
  (customerKey: Uuid, ids: readonly string[]) => sql`
    with recursive place as (
      select entity_key, id, parent_key, placed_at, archived_at from entities
      where customer_key = ${customerKey}::uuid and id = any(${ids}::text[])
      union
      select above.*
      from place cross join lateral (
        select entity_key, id, parent_key, placed_at, archived_at from entities
        where customer_key = ${customerKey}::uuid and entity_key = place.parent_key limit 1
      ) above
    )
    select * from place`,
)

const belowRow = row({
  entityKey: column.uuid,
  active: column.json<string[]>(),
  levels: column.integer,
})

/**
 * How many active descendants are looked up: one proves that there are any, and some are named in
 * the message.
 */
const SOUGHT = 3

/**
 * Returns the descendants of entities that move, without those below other entities that move.
 * Levels are counted only where the rule needs them: an entity with a position and active
 * descendants does not move.
 */
export async function findDescendants(
  reader: Reader,
  customerKey: Uuid,
  moving: readonly Uuid[],
): Promise<Map<Uuid, Descendants>> {
  if (moving.length === 0) return new Map()
  // `offset 0` makes a separate look-up for each parent. A plain join could lead the planner to
  // read all entities of the customer.
  const childrenOf = (parentKey: Sql) => sql`(
    select e.entity_key, e.id, e.archived_at from entities e
    where e.customer_key = ${customerKey}::uuid and e.parent_key = ${parentKey}
      and e.entity_key <> all(${moving}::uuid[])
    offset 0) child`
  const found = await reader.many(
    belowRow,
    sql`
    select entity.entity_key, to_json(active.ids) as active, levels.count as levels
    from entities entity
      cross join lateral (
        select array(
          with recursive below as (
            select child.* from ${childrenOf(sql`entity.entity_key`)}
            union all
            select child.* from below cross join lateral ${childrenOf(sql`below.entity_key`)}
          )
          select id from below where archived_at is null limit ${SOUGHT}::integer
        ) as ids
      ) active
      cross join lateral (
        with recursive below as (
          select child.entity_key, 1 as level from ${childrenOf(sql`entity.entity_key`)}
          where entity.placed_at is null or cardinality(active.ids) = 0
          union all
          select child.entity_key, below.level + 1
          from below cross join lateral ${childrenOf(sql`below.entity_key`)}
          where below.level < ${ENTITY_DEPTH_LIMIT}::integer
        )
        select coalesce(max(level), 0) as count from below
      ) levels
    where entity.customer_key = ${customerKey}::uuid
      and entity.entity_key = any(${moving}::uuid[])`,
  )
  return new Map(found.map(({ entityKey, active, levels }) => [entityKey, { active, levels }]))
}

/** Writes the new hierarchy positions. */
export const savePositions = rowWriter<Uuid, HierarchyPosition>(
  (customerKey, places) => sql`
    update entities set parent_key = place.parent_key, placed_at = place.placed_at
    from ${rows(places, {
      entity_key: ['uuid', ({ key }) => key],
      parent_key: ['uuid', ({ parentKey }) => parentKey],
      placed_at: ['timestamptz', ({ placedAt }) => placedAt],
    })} as place
    where entities.customer_key = ${customerKey}::uuid
      and entities.entity_key = place.entity_key`,
)
