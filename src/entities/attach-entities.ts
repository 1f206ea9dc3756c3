import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { HierarchyPosition } from './types.ts'

/**
 * The parent that a row of a request gives to an entity. Absent keeps the parent, null makes the
 * entity a root.
 */
export type ParentInput = { where: Field; entityKey: Uuid; parentKey?: Uuid | null }

/**
 * What is below an entity that moves. Entities below another entity that moves are left out.
 * `active` has the ids of some active descendants. `levels` is the number of levels below the
 * entity; levels with only archived entities count too.
 */
export type Descendants = { active: readonly string[]; levels: number }

/** The part of a customer's hierarchy that a request affects. */
export type Tree = {
  /** The entities of the request, their new parents, and all ancestors of both. */
  places: ReadonlyMap<Uuid, HierarchyPosition>
  /** For each entity that `movedBy` returns. */
  below: ReadonlyMap<Uuid, Descendants>
}

/** The maximum number of example ids in a message. */
const SHOWN = 3

/**
 * 400 if two rows give an entity different parents. A row without a parent agrees with any other.
 */
export function refuseTwoParents(inputs: readonly ParentInput[]): void {
  const first = new Map<Uuid, ParentInput>()
  for (const input of inputs) {
    if (input.parentKey === undefined) continue
    const other = first.get(input.entityKey) ?? input
    if (other.parentKey !== input.parentKey)
      throw badInput(
        input.where.at('parentId'),
        `${input.where}: parentId differs from that of ${other.where}; an entity has only one parent`,
      )
    first.set(input.entityKey, other)
  }
}

/** Returns the entities whose parent a request changes, without duplicates. */
export function movedBy(places: Tree['places'], inputs: readonly ParentInput[]): Uuid[] {
  const moved = inputs.filter(({ entityKey, parentKey }) => {
    const place = required(places.get(entityKey), 'an entity of the request')
    return parentKey !== undefined && parentKey !== place.parentKey
  })
  return [...new Set(moved.map(({ entityKey }) => entityKey))]
}

/**
 * Returns the new hierarchy positions of all entities that move. Rows take effect in their order.
 * The result must be a tree with at most `maxDepth` levels, where a root is at level 1. An entity
 * that already had a position can move only while it has no active descendants; getting a first
 * position is always allowed. An entity without a position becomes a root unless its row names a
 * parent. Otherwise 400. The entities that move are active. Source: the assignments upsert of the
 * API document.
 */
export function placeEntities(
  tree: Tree,
  inputs: readonly ParentInput[],
  at: { now: Instant; maxDepth: number },
): HierarchyPosition[] {
  const places = new Map(tree.places)
  const current: Current = {
    placeOf: (key) => required(places.get(key), 'a place that was loaded'),
    belowOf: (key) => required(tree.below.get(key), 'what is below an entity that moves'),
    moving: [...tree.below.keys()],
  }
  const moved = new Map<Uuid, ParentInput>()
  for (const input of inputs) {
    const place = current.placeOf(input.entityKey)
    const parentKey = input.parentKey === undefined ? place.parentKey : input.parentKey
    const moves = parentKey !== place.parentKey
    if (moves) {
      if (tree.places.get(place.key)?.placedAt !== null) refuseParents(place, input, current)
      moved.set(place.key, input)
    }
    if (moves || place.placedAt === null)
      places.set(place.key, { ...place, parentKey, placedAt: place.placedAt ?? at.now })
  }
  for (const [key, input] of moved) refuseBadPath(current, key, { input, maxDepth: at.maxDepth })
  return [...places.values()].filter((place) => place !== tree.places.get(place.key))
}

/** The tree at the moment when a row takes effect. */
type Current = {
  placeOf: (key: Uuid) => HierarchyPosition
  belowOf: (key: Uuid) => Descendants
  moving: readonly Uuid[]
}

/** Returns the path from an entity to its root. In a cycle, it ends before the first repetition. */
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
  input: ParentInput,
  { placeOf, belowOf, moving }: Current,
): void {
  const isDescendants = (key: Uuid) =>
    key !== place.key && pathOf(placeOf(key), placeOf).some((above) => above.key === place.key)
  const ids = [
    ...belowOf(place.key).active,
    ...moving.filter(isDescendants).map((key) => placeOf(key).id),
  ]
  if (ids.length > 0)
    throw badInput(
      input.where.at('parentId'),
      `${input.where}: ${place.id} has entities below it ` +
        `(${ids.slice(0, SHOWN).join(', ')}), so it cannot get another parent`,
    )
}

function refuseBadPath(
  { placeOf, belowOf }: Current,
  key: Uuid,
  { input, maxDepth }: { input: ParentInput; maxDepth: number },
): void {
  const path = pathOf(placeOf(key), placeOf)
  if (path.at(-1)?.parentKey !== null)
    throw badInput(input.where.at('parentId'), `${input.where}: this parentId would make a cycle`)
  const levels = path.length + belowOf(key).levels
  if (levels > maxDepth)
    throw badInput(
      input.where.at('parentId'),
      `${input.where}: this parentId would make a tree of ${levels} levels; ` +
        `the maximum is ${maxDepth}`,
    )
}
