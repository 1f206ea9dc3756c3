import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inBody } from '../kernel/field.ts'
import type { Assignment, AssignmentInput } from './types.ts'
import { type AssignmentName, upsertAssignment } from './upsert-budget.ts'

const name: AssignmentName = {
  entityKey: 'key of ann',
  entityId: 'ann',
  capability: { kind: 'feature', key: 'key of tokens' },
  scope: [{ key: 'key of gpt', id: 'gpt' }],
}
const limit = fc.option(fc.bigInt({ min: 0n, max: 3n }))
const cadence = fc.constantFrom('P1M', 'P1D')
const parentId = fc.constantFrom(null, 'team', 'org')
const assignment: fc.Arbitrary<Assignment> = fc.record(
  {
    key: fc.constant('k'),
    entityKey: fc.constant(name.entityKey),
    entityId: fc.constant(name.entityId),
    capability: fc.constant(name.capability),
    parentId,
    scope: fc.constant(name.scope),
    usageLimit: limit,
    cadence,
    isLevel: fc.boolean(),
    revision: fc.integer({ min: 1, max: 3 }),
    createdAt: fc.constant(1),
    updatedAt: fc.constant(2),
  },
  { noNullPrototype: true },
)
type Input = Pick<AssignmentInput, 'where' | 'usageLimit' | 'cadence'>
const input: fc.Arbitrary<Input> = fc.record(
  { where: fc.constant(inBody('assignments', 3).of('ann')), usageLimit: limit, cadence },
  { requiredKeys: ['where'], noNullPrototype: true },
)

const upserted = (
  before: Assignment | null,
  wanted: Input,
  at: { parentId: string | null; now: number },
) => upsertAssignment(before, wanted, { name, isLevel: false, key: 'new key', ...at })

test('a new budget without a limit or a cadence is refused with the name of its row', () => {
  const where = inBody('assignments', 3).of('ann')
  const at = { parentId: 'team', now: 9 }
  for (const [wanted, message] of [
    [{ where, cadence: 'P1M' }, /^ApiError: assignments\[3\] \(ann\): .*usageLimit/],
    [{ where, usageLimit: 1n }, /^ApiError: assignments\[3\] \(ann\): .*cadence/],
  ] as const)
    assert.throws(() => upserted(null, wanted, at), message)
  assert.deepEqual(upserted(null, { where, usageLimit: null, cadence: 'P1M' }, at), {
    before: null,
    after: {
      key: 'new key',
      ...name,
      parentId: 'team',
      usageLimit: null,
      cadence: 'P1M',
      isLevel: false,
      revision: 1,
      createdAt: 9,
      updatedAt: 9,
    },
    change: 'created',
  })
})

test('a budget keeps its key, its creation time and the fields that its row leaves out', () => {
  fc.assert(
    fc.property(assignment, input, parentId, (before, wanted, parent) => {
      const { after, change } = upserted(before, wanted, { parentId: parent, now: 9 })
      assert.deepEqual([after.key, after.createdAt, after.parentId], [before.key, 1, parent])
      assert.equal(after.cadence, wanted.cadence ?? before.cadence)
      assert.equal(
        after.usageLimit,
        wanted.usageLimit === undefined ? before.usageLimit : wanted.usageLimit,
      )
      assert.equal(after.updatedAt, change === null ? 2 : 9)
      assert.equal(
        after.revision - before.revision,
        after.cadence === before.cadence || before.isLevel ? 0 : 1,
      )
      if (change === null) assert.deepEqual(after, before)
      else assert.notDeepEqual(after, before)
    }),
  )
})

test('a row sent again changes nothing', () => {
  fc.assert(
    fc.property(assignment, input, parentId, (before, wanted, parent) => {
      const { after } = upserted(before, wanted, { parentId: parent, now: 9 })
      const again = upserted(after, wanted, { parentId: parent, now: 10 })
      assert.deepEqual(again, { before: after, after, change: null })
    }),
  )
})
