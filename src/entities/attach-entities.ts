import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { HierarchyPosition } from './types.ts'

/** What a row of a request says of its entity's place. Absent keeps, null makes a root. */
export type Wish = { where: string; entityKey: Uuid; parentKey?: Uuid | null }

/**
 * What hangs below an entity that moves, on ways that pass no other entity that moves: ids of some
 * active ones, and how many levels there are, archived entities counted.
 */
export type Below = { active: readonly string[]; levels: number }

/** The part of a customer's tree that a request touches. */
export type Tree = {
  /** The entities of the request, the parents that they shall have, and all ancestors of both. */
  places: ReadonlyMap<Uuid, HierarchyPosition>
  /** Of those that `movedBy` names. */
  below: ReadonlyMap<Uuid, Below>
}

/** Ids that a message names as examples. */
const SHOWN = 3

/** Refuses (400) two different parents for one entity. Rows without a parent agree with any. */
export function refuseTwoParents(wishes: readonly Wish[]): void {
  const first = new Map<Uuid, Wish>()
  for (const wish of wishes) {
    if (wish.parentKey === undefined) continue
    const other = first.get(wish.entityKey) ?? wish
    if (other.parentKey !== wish.parentKey)
      throw badInput(
        `${wish.where}: parentId differs from that of ${other.where}; an entity has one`,
      )
    first.set(wish.entityKey, other)
  }
}

/** The entities that a request gives another parent than they have, each once. */
export function movedBy(places: Tree['places'], wishes: readonly Wish[]): Uuid[] {
  const moved = wishes.filter(({ entityKey, parentKey }) => {
    const place = required(places.get(entityKey), 'an entity of the request')
    return parentKey !== undefined && parentKey !== place.parentKey
  })
  return [...new Set(moved.map(({ entityKey }) => entityKey))]
}

/**
 * The places that change, as they are afterwards. Rows take effect in their order; what comes out
 * must be a tree, and have no more levels than `maxDepth`, a root's being 1. Who was placed before
 * the request moves only while nothing active is below; a first placement is free. An entity
 * without a place becomes a root unless its row names a parent. 400 beyond. Those that move are
 * active. Source: the assignments upsert of the API document.
 */
export function placeEntities(
  tree: Tree,
  wishes: readonly Wish[],
  at: { now: Instant; maxDepth: number },
): HierarchyPosition[] {
  const places = new Map(tree.places)
  const current: Current = {
    placeOf: (key) => required(places.get(key), 'a place that was loaded'),
    belowOf: (key) => required(tree.below.get(key), 'what is below an entity that moves'),
    moving: [...tree.below.keys()],
  }
  const moved = new Map<Uuid, Wish>()
  for (const wish of wishes) {
    const place = current.placeOf(wish.entityKey)
    const parentKey = wish.parentKey === undefined ? place.parentKey : wish.parentKey
    const moves = parentKey !== place.parentKey
    if (moves) {
      if (tree.places.get(place.key)?.placedAt !== null) refuseParents(place, wish, current)
      moved.set(place.key, wish)
    }
    if (moves || place.placedAt === null)
      places.set(place.key, { ...place, parentKey, placedAt: place.placedAt ?? at.now })
  }
  for (const [key, wish] of moved) refuseBadPath(current, key, { wish, maxDepth: at.maxDepth })
  return [...places.values()].filter((place) => place !== tree.places.get(place.key))
}

/** The tree as it is when a row takes effect. */
type Current = {
  placeOf: (key: Uuid) => HierarchyPosition
  belowOf: (key: Uuid) => Below
  moving: readonly Uuid[]
}

/** From an entity up to its root; if it goes in a circle, to where it would repeat itself. */
export function pathOf(
  from: HierarchyPosition,
  placeOf: (key: Uuid) => HierarchyPosition,
): HierarchyPosition[] {
  const path = new Map<Uuid, HierarchyPosition>()
  let place: HierarchyPosition | null = from
  while (place !== null && !path.has(place.key)) {
    path.set(place.key, place)
    place = place.parentKey === null ? null : placeOf(place.parentKey)
  }
  return [...path.values()]
}

function refuseParents(
  place: HierarchyPosition,
  wish: Wish,
  { placeOf, belowOf, moving }: Current,
): void {
  const isBelow = (key: Uuid) =>
    key !== place.key && pathOf(placeOf(key), placeOf).some((above) => above.key === place.key)
  const ids = [
    ...belowOf(place.key).active,
    ...moving.filter(isBelow).map((key) => placeOf(key).id),
  ]
  if (ids.length > 0)
    throw badInput(
      `${wish.where}: ${place.id} has entities below it (${ids.slice(0, SHOWN).join(', ')}); ` +
        'only one that has none can get another parent',
    )
}

function refuseBadPath(
  { placeOf, belowOf }: Current,
  key: Uuid,
  { wish, maxDepth }: { wish: Wish; maxDepth: number },
): void {
  const path = pathOf(placeOf(key), placeOf)
  if (path.at(-1)?.parentKey !== null)
    throw badInput(`${wish.where}: with this parentId the tree would have a circle`)
  const levels = path.length + belowOf(key).levels
  if (levels > maxDepth)
    throw badInput(
      `${wish.where}: with this parentId the tree would have ${levels} levels; ` +
        `${maxDepth} are the most`,
    )
}
