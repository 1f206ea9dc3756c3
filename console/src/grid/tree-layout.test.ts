import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OpenParent } from './tree-layout.ts'
import { followOpenings, layoutOf, placeOf, rowCountOf, rowOf } from './tree-layout.ts'

test('children stand below their parent, and its siblings after them', () => {
  const openings: OpenParent[] = [
    { entityId: 'b', parentId: null, at: 1 },
    { entityId: 'b1', parentId: 'b', at: 1 },
  ]
  const totals = new Map<string | null, number>([
    [null, 3],
    ['b', 2],
    ['b1', 1],
  ])
  const segments = layoutOf(openings, totals)
  const rows = Array.from({ length: rowCountOf(segments) }, (_, row) => {
    const place = placeOf(segments, row)
    return `${'  '.repeat((place?.level ?? 0) - 1)}${place?.parentId ?? 'root'} ${place?.at}`
  })
  assert.deepEqual(rows, ['root 0', 'root 1', '  b 0', '  b 1', '    b1 0', 'root 2'])
})

test('every row has one place, and every place that is shown one row', () => {
  const tree = fc.record({
    roots: fc.nat(50),
    open: fc.uniqueArray(fc.nat(49), { maxLength: 8 }),
    children: fc.nat(9),
  })
  fc.assert(
    fc.property(tree, ({ roots, open, children }) => {
      const openings = open.map((at) => ({ entityId: `e${at}`, parentId: null, at }))
      const totals = new Map<string | null, number>([[null, roots]])
      for (const { entityId } of openings) totals.set(entityId, children)
      const segments = layoutOf(openings, totals)
      const shown = open.filter((at) => at < roots).length
      assert.equal(rowCountOf(segments), roots + shown * children)
      for (let row = 0; row < rowCountOf(segments); row++) {
        const place = placeOf(segments, row)
        assert.ok(place)
        assert.equal(rowOf(segments, place), row)
      }
      assert.equal(placeOf(segments, rowCountOf(segments)), null)
    }),
  )
})

const OPEN: readonly OpenParent[] = [
  { entityId: 'a', parentId: null, at: 0 },
  { entityId: 'b', parentId: 'a', at: 3 },
]
const row = (entityId: string, parentId: string | null, at: number, childCount = 2) => ({
  entityId,
  parentId,
  at,
  childCount,
})

const READ: readonly [
  what: string,
  rows: readonly ReturnType<typeof row>[],
  open: readonly OpenParent[],
][] = [
  ['nothing', [], OPEN],
  ['the same places', [row('a', null, 0), row('b', 'a', 3)], OPEN],
  ['another order', [row('a', null, 4)], [{ entityId: 'a', parentId: null, at: 4 }, OPEN[1]]],
  ['another parent', [row('b', null, 1)], [OPEN[0], { entityId: 'b', parentId: null, at: 1 }]],
  ['something else in its place', [row('c', 'a', 3)], [OPEN[0]]],
  ['no children any more', [row('a', null, 0, 0)], [OPEN[1]]],
].map(([what, rows, open]) => [what, rows, open] as never)

for (const [what, rows, open] of READ)
  test(`what is open stays open where it stands: ${what}`, () => {
    const next = followOpenings(OPEN, rows)
    assert.deepEqual(next, open)
    assert.equal(followOpenings(next, rows), next, 'reading the same again changes something')
  })
