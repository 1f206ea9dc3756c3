import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { patchMetadata, sameMetadata } from './metadata.ts'

const key = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__', '')
const metadata = fc.dictionary(key, fc.string({ minLength: 1 }), { noNullPrototype: false })
const patch = fc.dictionary(key, fc.string(), { noNullPrototype: false })

test('applying a patch twice has the same effect as applying it once', () => {
  fc.assert(
    fc.property(metadata, patch, (before, change) => {
      const once = patchMetadata(before, change)
      assert.ok(sameMetadata(patchMetadata(once, change), once))
    }),
  )
})

test('patches with different keys give the same result in either order', () => {
  fc.assert(
    fc.property(metadata, patch, patch, (before, one, other) => {
      fc.pre(Object.keys(one).every((name) => !Object.hasOwn(other, name)))
      const left = patchMetadata(patchMetadata(before, one), other)
      const right = patchMetadata(patchMetadata(before, other), one)
      assert.ok(sameMetadata(left, right))
    }),
  )
})

test('after a patch, keys with empty values are removed and the others are as sent', () => {
  fc.assert(
    fc.property(metadata, patch, (before, change) => {
      const after = patchMetadata(before, change)
      for (const name of new Set([...Object.keys(before), ...Object.keys(change)])) {
        const wanted = Object.hasOwn(change, name) ? change[name] || undefined : before[name]
        assert.equal(Object.hasOwn(after, name) ? after[name] : undefined, wanted)
      }
    }),
  )
})
