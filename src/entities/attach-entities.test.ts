import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { required } from '../kernel/assert.ts'
import { inBody } from '../kernel/field.ts'
import type { Uuid } from '../kernel/ids.ts'
import {
  type Descendants,
  movedBy,
  type ParentInput,
  pathOf,
  placeEntities,
  refuseTwoParents,
} from './attach-entities.ts'
import type { HierarchyPosition } from './types.ts'

const MAX_DEPTH = 4

type Entity = { parent?: string | null; archived?: true }
type Whole = ReadonlyMap<Uuid, HierarchyPosition>

/** Returns a whole tree. Keys are ids. An entity without the field `parent` has no position. */
const treeOf = (entities: Readonly<Record<string, Entity>>): Whole =>
  new Map(
    Object.entries(entities).map(([id, { parent, archived }]) => [
      id,
      {
        key: id,
        id,
        parentKey: parent ?? null,
        placedAt: parent === undefined ? null : 1,
        archivedAt: archived ? 1 : null,
      },
    ]),
  )

/**
 * Returns the descendants of an entity as the store does: not those below other moving entities.
 */
function belowIn(whole: Whole, key: Uuid, moving: readonly Uuid[]): Descendants {
  const children = [...whole.values()].filter(
    (place) => place.parentKey === key && !moving.includes(place.key),
  )
  const belows = children.map((child) => belowIn(whole, child.key, moving))
  return {
    active: [
      ...children.filter(({ archivedAt }) => archivedAt === null).map(({ id }) => id),
      ...belows.flatMap(({ active }) => active),
    ],
    levels: children.length === 0 ? 0 : 1 + Math.max(...belows.map(({ levels }) => levels)),
  }
}

/** Returns the tree after a request with rows `entity: parent`. The rule gets only a part of it. */
function placed(whole: Whole, rows: readonly (readonly [string, string | null | undefined])[]) {
  const wishes = rows.map(
    ([id, parent], index): ParentInput => ({
      where: inBody('assignments', index).of(id),
      entityKey: id,
      ...(parent === undefined ? {} : { parentKey: parent }),
    }),
  )
  refuseTwoParents(wishes)
  const placeOf = (key: Uuid) => required(whole.get(key), key)
  const named = wishes.flatMap(({ entityKey, parentKey }) =>
    parentKey ? [entityKey, parentKey] : [entityKey],
  )
  const places = new Map(
    named.flatMap((key) => pathOf(placeOf(key), placeOf)).map((place) => [place.key, place]),
  )
  const moving = movedBy(places, wishes)
  const below = new Map(moving.map((key) => [key, belowIn(whole, key, moving)]))
  const changed = placeEntities({ places, below }, wishes, { now: 9, maxDepth: MAX_DEPTH })
  return new Map([...whole, ...changed.map((place) => [place.key, place] as const)])
}

const company = treeOf({
  org: { parent: null },
  team: { parent: 'org' },
  squad: { parent: 'team' },
  ann: { parent: 'squad' },
  empty: { parent: 'org' },
  gone: { parent: 'org', archived: true },
  bob: { parent: 'gone' },
  dusty: { parent: null },
  old: { parent: 'dusty', archived: true },
  older: { parent: 'old', archived: true },
  loose: {},
  loner: {},
  child: { parent: 'loner' },
})

type Row = readonly [string, string | null | undefined]

/** Rows of one request, and the parents afterwards, or the refusal. */
const requests: readonly (readonly [
  string,
  readonly Row[],
  Record<string, string | null> | RegExp,
])[] = [
  ['a first row without a parent makes a root', [['loose', undefined]], { loose: null }],
  ['a first row with a parent', [['loose', 'team']], { loose: 'team' }],
  [
    'a parent named beside rows without one',
    [
      ['loose', undefined],
      ['loose', 'team'],
    ],
    { loose: 'team' },
  ],
  ['a row without a parent keeps it', [['ann', undefined]], { ann: 'squad' }],
  ['the current parent of an entity with children', [['team', 'org']], { team: 'org' }],
  ['null makes a root', [['ann', null]], { ann: null }],
  ['a leaf moves', [['ann', 'team']], { ann: 'team' }],
  [
    'an entity with active entities below it does not move',
    [['team', null]],
    /assignments\[0\] \(team\).*below it \(squad, ann\)/,
  ],
  ['active entities below an archived one prevent a move', [['gone', null]], /\(bob\)/],
  ['an entity with only archived ones below moves', [['dusty', 'org']], { dusty: 'org' }],
  ['archived entities count for the depth', [['dusty', 'team']], /5 levels; the maximum is 4/],
  ['a first position moves the children, too', [['loner', 'team']], { loner: 'team' }],
  ['the moved children count for the depth', [['loner', 'squad']], /5 levels/],
  ['too deep', [['loose', 'ann']], /assignments\[0\] \(loose\).*5 levels; the maximum is 4/],
  ['its own parent', [['ann', 'ann']], /cycle/],
  ['below its own child, at the first position', [['loner', 'child']], /cycle/],
  [
    "two that would be each other's parents",
    [
      ['loose', 'loner'],
      ['loner', 'loose'],
    ],
    /cycle/,
  ],
  [
    'children first',
    [
      ['loose', 'loner'],
      ['loner', 'org'],
    ],
    { loose: 'loner', loner: 'org' },
  ],
  [
    'parents first',
    [
      ['loner', 'org'],
      ['loose', 'loner'],
    ],
    { loose: 'loner', loner: 'org' },
  ],
  [
    'bottom up: each moves once it is a leaf',
    [
      ['ann', null],
      ['squad', null],
      ['team', null],
    ],
    { ann: null, squad: null, team: null },
  ],
  [
    'top down: the first still has children',
    [
      ['team', null],
      ['squad', null],
      ['ann', null],
    ],
    /\(team\).*\(squad/,
  ],
  [
    'a leaf that gets a child by an earlier row',
    [
      ['loose', 'empty'],
      ['empty', 'team'],
    ],
    /\(empty\).*\(loose\)/,
  ],
  [
    'a leaf that gets a child by a later row',
    [
      ['empty', 'team'],
      ['loose', 'empty'],
    ],
    { empty: 'team', loose: 'empty' },
  ],
  [
    'a child that has moved away does not count for the depth',
    [
      ['child', null],
      ['loner', 'squad'],
    ],
    { child: null, loner: 'squad' },
  ],
  [
    'two parents',
    [
      ['ann', 'team'],
      ['ann', null],
    ],
    /assignments\[1\] \(ann\): parentId differs.*assignments\[0\]/,
  ],
  [
    'one parent twice',
    [
      ['ann', 'team'],
      ['ann', 'team'],
    ],
    { ann: 'team' },
  ],
]

for (const [what, rows, expected] of requests)
  test(`attaching: ${what}`, () => {
    if (expected instanceof RegExp) assert.throws(() => placed(company, rows), expected)
    else
      for (const [id, parent] of Object.entries(expected))
        assert.equal(placed(company, rows).get(id)?.parentKey, parent)
  })

test('the first row of an entity sets its position as of now, and a later row keeps that instant', () => {
  assert.equal(placed(company, [['loose', undefined]]).get('loose')?.placedAt, 9)
  assert.equal(placed(company, [['ann', null]]).get('ann')?.placedAt, 1)
})

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** All trees that the rule can produce, with archived entities and ones without a position. */
const anyTree = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat({ max: ids.length - 1 })),
      isPlaced: fc.boolean(),
      archived: fc.boolean(),
    }),
    { minLength: ids.length, maxLength: ids.length },
  )
  .map((nodes) => {
    const parents: (string | null)[] = []
    const levels: number[] = []
    nodes.forEach(({ parent }, index) => {
      const above = parent !== null && parent < index && (levels[parent] ?? 9) < MAX_DEPTH
      levels.push(above ? 1 + (levels[parent ?? 0] ?? 0) : 1)
      parents.push(above ? (ids[parent ?? 0] ?? null) : null)
    })
    return treeOf(
      Object.fromEntries(
        nodes.map(({ isPlaced, archived }, index): [string, Entity] => {
          const parent = parents[index] ?? null
          const hasPlace = isPlaced || parent !== null
          return [
            ids[index] ?? '',
            { ...(hasPlace ? { parent } : {}), ...(archived ? { archived } : {}) },
          ]
        }),
      ),
    )
  })

const anyRows = fc.array(
  fc.tuple(
    fc.constantFrom(...ids),
    fc.oneof(fc.constantFrom(...ids), fc.constantFrom(null, undefined)),
  ),
  { minLength: 1, maxLength: 6 },
)

const depthOf = (whole: Whole, place: HierarchyPosition): number =>
  pathOf(place, (key) => required(whole.get(key), key)).length

/** The simplest implementation of the rule: on the whole tree, row by row. */
function plainly(whole: Whole, rows: readonly Row[]): Whole | null {
  const tree = new Map(whole)
  const wanted = new Map<string, string | null>()
  for (const [id, parent] of rows) {
    if (parent === undefined) continue
    if (wanted.has(id) && wanted.get(id) !== parent) return null
    wanted.set(id, parent)
  }
  for (const [id, parent] of rows) {
    const place = required(tree.get(id), id)
    const parentKey = parent === undefined ? place.parentKey : parent
    const isParent = [...tree.values()].some(
      (other) =>
        other.key !== id &&
        other.archivedAt === null &&
        pathOf(other, (key) => required(tree.get(key), key)).some(({ key }) => key === id),
    )
    const wasPlaced = whole.get(id)?.placedAt !== null
    if (parentKey !== place.parentKey && wasPlaced && isParent) return null
    tree.set(id, { ...place, parentKey, placedAt: place.placedAt ?? 9 })
  }
  const moved = [...tree.values()].some((p) => p.parentKey !== whole.get(p.key)?.parentKey)
  for (const place of moved ? tree.values() : []) {
    const path = pathOf(place, (key) => required(tree.get(key), key))
    if (path.at(-1)?.parentKey !== null || path.length > MAX_DEPTH) return null
  }
  return tree
}

test('the loaded part of a tree decides as the whole tree would, and the result is a tree', () => {
  let accepted = 0
  fc.assert(
    fc.property(anyTree, anyRows, (whole, rows) => {
      const archived = (id: string) => whole.get(id)?.archivedAt !== null
      // The command refuses archived entities before it calls the rule.
      fc.pre(rows.every(([id, parent]) => !archived(id) && !(parent && archived(parent))))
      const expected = plainly(whole, rows)
      if (expected === null) {
        assert.throws(() => placed(whole, rows), /ApiError/)
        return
      }
      const after = placed(whole, rows)
      accepted += 1
      assert.deepEqual(
        [...after].toSorted(([one], [other]) => (one < other ? -1 : 1)),
        [...expected].toSorted(([one], [other]) => (one < other ? -1 : 1)),
      )
      for (const place of after.values()) assert.ok(depthOf(after, place) <= MAX_DEPTH)
      assert.deepEqual(placed(after, rows), after, 'sent again it changes nothing')
    }),
    { numRuns: 1000 },
  )
  assert.ok(accepted > 100, `${accepted} were accepted`)
})
