import { ENTITY_DEPTH_LIMIT } from '../config.ts'
import { column, type Reader, row, sql, type Tx } from '../db/index.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Below } from './place-entities.ts'
import type { Place } from './types.ts'

const placeRow = row({
  entity_key: column.uuid,
  id: column.text,
  parent_key: column.nullable(column.uuid),
  placed_at: column.nullable(column.instant),
  archived_at: column.nullable(column.instant),
})

const placeOf = (found: ReturnType<typeof placeRow>): Place => ({
  key: found.entity_key,
  id: found.id,
  parentKey: found.parent_key,
  placedAt: found.placed_at,
  archivedAt: found.archived_at,
})

/** The places of a customer's entities by their ids, and of all that is above them, each once. */
export async function findPlaces(
  reader: Reader,
  customerKey: Uuid,
  ids: readonly string[],
): Promise<Place[]> {
  const found = await reader.many(
    placeRow,
    // Rows that it has are not taken up again, so that it ends whatever parents say.
    sql`
    with recursive place as (
      select entity_key, id, parent_key, placed_at, archived_at from entities
      where customer_key = ${customerKey}::uuid and id = any(${ids}::text[])
      union
      select above.entity_key, above.id, above.parent_key, above.placed_at, above.archived_at
      from place join entities above on above.customer_key = ${customerKey}::uuid
        and above.entity_key = place.parent_key
    )
    select * from place`,
  )
  return found.map(placeOf)
}

const belowRow = row({
  entity_key: column.uuid,
  active: column.json<string[]>(),
  levels: column.integer,
})

/** Ids of active entities that are looked for: to know that there is one, and to name some. */
const SOUGHT = 3

/**
 * What is below entities that move, by their keys; ways through another one that moves are left
 * out. Levels are counted only where the rule can come to ask for them: what was placed and has
 * something active below does not move.
 */
export async function findBelow(
  reader: Reader,
  customerKey: Uuid,
  moving: readonly Uuid[],
): Promise<Map<Uuid, Below>> {
  if (moving.length === 0) return new Map()
  const isChild = (of: 'entity' | 'below') => sql`
    child.customer_key = ${customerKey}::uuid
    and child.parent_key = ${of === 'entity' ? sql`entity.entity_key` : sql`below.entity_key`}
    and child.entity_key <> all(${moving}::uuid[])`
  const found = await reader.many(
    belowRow,
    sql`
    select entity.entity_key, to_json(active.ids) as active, levels.count as levels
    from entities entity
      cross join lateral (
        select array(
          with recursive below as (
            select child.entity_key, child.id, child.archived_at from entities child
            where ${isChild('entity')}
            union all
            select child.entity_key, child.id, child.archived_at
            from below join entities child on ${isChild('below')}
          )
          select id from below where archived_at is null limit ${SOUGHT}::integer
        ) as ids
      ) active
      cross join lateral (
        with recursive below as (
          select child.entity_key, 1 as level from entities child
          where ${isChild('entity')}
            and (entity.placed_at is null or cardinality(active.ids) = 0)
          union all
          select child.entity_key, below.level + 1
          from below join entities child on ${isChild('below')}
          where below.level < ${ENTITY_DEPTH_LIMIT}::integer
        )
        select coalesce(max(level), 0) as count from below
      ) levels
    where entity.customer_key = ${customerKey}::uuid
      and entity.entity_key = any(${moving}::uuid[])`,
  )
  return new Map(found.map(({ entity_key, active, levels }) => [entity_key, { active, levels }]))
}

/** Writes where entities stand now. */
export async function savePlaces(
  tx: Tx,
  customerKey: Uuid,
  places: readonly Place[],
): Promise<void> {
  if (places.length === 0) return
  await tx.execute(sql`
    update entities set parent_key = place.parent_key, placed_at = place.placed_at
    from unnest(
      ${places.map(({ key }) => key)}::uuid[],
      ${places.map(({ parentKey }) => parentKey)}::uuid[],
      ${places.map(({ placedAt }) => placedAt && instantToWire(placedAt))}::timestamptz[]
    ) as place (entity_key, parent_key, placed_at)
    where entities.customer_key = ${customerKey}::uuid
      and entities.entity_key = place.entity_key`)
}
