import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PAGE_BYTES } from '../../db/index.ts'
import { fitting, ofModestSize } from './fit-rows.ts'
import type { TreeEntity } from './types.ts'

const entity = (name: string): TreeEntity => ({
  key: '019d2f3a-7c40-7b1c-9d7e-2f6f0c1b8a55',
  id: 'x'.repeat(255),
  typeId: 'user',
  displayName: name,
  parentId: null,
  createdAt: 0,
  archivedAt: null,
  childCount: 0,
})
const budget = (scopeSize: number, capabilityKey = 'tokens') => ({
  entityKey: 'ann',
  capabilityKey,
  assignmentKey: 'budget',
  scopeSize,
  count: 1,
})

test('what fits never exceeds a page, whatever names and scopes are', () => {
  const scope = fc.integer({ min: 0, max: 100 })
  const rowOf = fc.record({
    name: fc.string({ maxLength: 255, unit: 'binary' }),
    own: fc.array(scope, { maxLength: 10 }),
    above: fc.array(scope, { maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(rowOf, { minLength: 1, maxLength: 20 }), (made) => {
      const rows = Array.from({ length: 150 }, (_, index) => {
        const { name, own, above } = made[index % made.length] ?? { name: '', own: [], above: [] }
        const ids = (size: number) => Array.from({ length: size }, () => 'x'.repeat(255))
        return {
          entity: entity(name),
          budgets: {
            own: own.map((size) => budget(size)),
            above: above.map((size) => budget(size)),
          },
          // The part of the answer whose size varies.
          text: JSON.stringify([name, own.map(ids), ids(Math.max(0, ...above)), 'x'.repeat(255)]),
        }
      })
      const of = new Map(rows.map((each) => [each.entity, each]))
      const empty = { own: [], above: [] }
      const shown = fitting([...of.keys()], 1, (each) => of.get(each)?.budgets ?? empty)
      assert.ok(shown.length >= 1)
      const bytes = shown.reduce(
        (sum, each) => sum + Buffer.byteLength(of.get(each)?.text ?? ''),
        0,
      )
      assert.ok(shown.length === 1 || bytes <= PAGE_BYTES, `${bytes} bytes`)
      assert.deepEqual(shown, [...of.keys()].slice(0, shown.length))
    }),
    { numRuns: 8 },
  )
})

test('ordinary rows fill a page of 500', () => {
  const rows = Array.from({ length: 500 }, () => entity('Ann'))
  const budgets = { own: [budget(0), budget(1)], above: [budget(0)] }
  assert.equal(fitting(rows, 1, () => budgets).length, 500)
})

test('of budgets with long scopes, a row shows the first, and others up to 20 kB', () => {
  assert.deepEqual(ofModestSize([budget(100), budget(100)]), [budget(100)])
  const many = Array.from({ length: 10 }, () => budget(1))
  assert.deepEqual(ofModestSize(many), many)
  const ofTwo = [budget(100), budget(100, 'calls'), budget(0)]
  assert.deepEqual(ofModestSize(ofTwo), ofTwo.slice(0, 2))
})
