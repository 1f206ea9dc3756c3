import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Entity, EntityInput, EntityType, EntityTypeInput } from './types.ts'
import { needsType, typeIdAfter, upsertEntity } from './upsert-entity.ts'
import { upsertType } from './upsert-type.ts'

const text = fc.string({ maxLength: 3 })
const metadata = fc.dictionary(fc.constantFrom('a', 'b', 'c'), text, { noNullPrototype: false })
const stored = metadata.map((map) => Object.fromEntries(Object.entries(map).filter(([, v]) => v)))

const entity: fc.Arbitrary<Entity> = fc.record({
  key: fc.constant('k'),
  id: fc.constant('e'),
  typeKey: fc.constant('key of user'),
  typeId: fc.constant('user'),
  displayName: fc.option(fc.string({ minLength: 1, maxLength: 3 })),
  metadata: stored,
  createdAt: fc.constant(1),
  updatedAt: fc.constant(2),
  archivedAt: fc.constantFrom(null, 2),
})
const input: fc.Arbitrary<EntityInput> = fc.record(
  {
    id: fc.constant('e'),
    typeId: fc.constantFrom('user', 'team'),
    displayName: fc.option(text),
    metadata,
  },
  { requiredKeys: ['id'] },
)

function upserted(before: Entity | null, wanted: EntityInput, now: number) {
  const typeId = typeIdAfter(before, wanted, 0)
  const type = needsType(before, typeId) ? { id: typeId, key: `key of ${typeId}` } : null
  return upsertEntity(before, wanted, { type, key: 'new key', now })
}

test('an entity is active after an upsert, and keeps its key and creation time', () => {
  fc.assert(
    fc.property(entity, input, (before, wanted) => {
      const { after } = upserted(before, wanted, 9)
      assert.equal(after.archivedAt, null)
      assert.deepEqual([after.key, after.id, after.createdAt], [before.key, before.id, 1])
      assert.equal(after.typeId, wanted.typeId ?? before.typeId)
      assert.equal(after.typeKey, `key of ${after.typeId}`)
    }),
  )
})

test('repeating an upsert changes nothing, and updatedAt moves only with a change', () => {
  fc.assert(
    fc.property(entity, input, (before, wanted) => {
      const first = upserted(before, wanted, 9)
      assert.equal(first.after.updatedAt, first.change === null ? before.updatedAt : 9)
      if (first.change === null) assert.deepEqual(first.after, before)
      const again = upserted(first.after, wanted, 10)
      assert.deepEqual(again, { before: first.after, after: first.after, change: null })
    }),
  )
})

test('a new entity needs a type', () => {
  assert.throws(() => typeIdAfter(null, { id: 'e' }, 3), /entities\[3\] \(e\).*entityTypeId/)
  const { after, change } = upserted(null, { id: 'e', typeId: 'team', metadata: { a: '' } }, 9)
  assert.equal(change, 'created')
  assert.deepEqual([after.key, after.metadata, after.createdAt], ['new key', {}, 9])
})

const type: fc.Arbitrary<EntityType> = fc.record({
  key: fc.constant('k'),
  id: fc.constant('t'),
  displayName: text,
  description: fc.option(fc.string({ minLength: 1, maxLength: 3 })),
  attributionKeys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
  createdAt: fc.constant(1),
  updatedAt: fc.constant(2),
  archivedAt: fc.constantFrom(null, 2),
})
const typeInput: fc.Arbitrary<EntityTypeInput> = fc.record(
  {
    id: fc.constant('t'),
    displayName: text,
    attributionKeys: fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }),
    description: fc.option(text),
  },
  { requiredKeys: ['id', 'displayName', 'attributionKeys'] },
)

test('repeating an upsert of a type changes nothing', () => {
  fc.assert(
    fc.property(fc.option(type), typeInput, (before, wanted) => {
      const first = upsertType(before, wanted, { key: 'new key', now: 9 })
      assert.deepEqual(first.after.attributionKeys, [...new Set(wanted.attributionKeys)])
      assert.equal(first.after.archivedAt, null)
      assert.equal(first.after.displayName, wanted.displayName)
      if (wanted.description === undefined)
        assert.equal(first.after.description, before?.description ?? null)
      const again = upsertType(first.after, wanted, { key: 'other key', now: 10 })
      assert.deepEqual(again, { before: first.after, after: first.after, change: null })
    }),
  )
})
