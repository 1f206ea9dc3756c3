import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { uuidv7 } from './ids.ts'

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('an id is a UUIDv7 and contains its instant', () => {
  const ids = uuidv7()
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (now) => {
      const id = ids.next(now)
      assert.match(id, form)
      assert.equal(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16), now)
    }),
  )
})

test('ids of one instant ascend in the order of the calls', () => {
  const ids = uuidv7()
  const made = Array.from({ length: 100_000 }, () => ids.next(1_779_062_862_000))
  for (let i = 1; i < made.length; i += 1) assert.ok((made[i - 1] ?? '') < (made[i] ?? ''))
  assert.equal(new Set(made).size, made.length)
})

test('ids of an earlier instant are lower and still unique', () => {
  const ids = uuidv7()
  const made = [5000, 4000, 5000, 4000, 5000].map((now) => ids.next(now))
  assert.equal(new Set(made).size, made.length)
  assert.ok((made[1] ?? '') < (made[0] ?? ''))
})

test('ids of one instant ascend, even if ids of other instants are made in between', () => {
  const ids = uuidv7()
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 5000, max: 5003 }), { maxLength: 200 }), (instants) => {
      const made = instants.map((now) => ({ now, id: ids.next(now) }))
      for (const instant of new Set(instants)) {
        const own = made.filter(({ now }) => now === instant).map(({ id }) => id)
        assert.deepEqual(own, own.toSorted())
      }
    }),
  )
})
