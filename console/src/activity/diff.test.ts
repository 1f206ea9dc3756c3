import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replacedBy } from '../../../src/events/what-changed.ts'
import { changesOf } from './diff.ts'

const STORED = {
  id: 'acme',
  billingId: null,
  name: 'Acme',
  tags: ['a', 'b'],
  metadata: { plan: 'small', floor: '3' },
  updatedAt: '2026-01-01T00:00:00.000Z',
}

const CHANGES: readonly [what: string, part: object, expected: object[]][] = [
  ['a field', { name: 'Acme Ltd' }, [{ path: 'name', before: 'Acme', after: 'Acme Ltd' }]],
  ['a list', { tags: [] }, [{ path: 'tags', before: ['a', 'b'], after: [] }]],
  ['an id', { billingId: 'b-1' }, [{ path: 'billingId', before: null, after: 'b-1' }]],
  ['nothing', {}, []],
  [
    'a label',
    { metadata: { plan: 'large', floor: '3' } },
    [{ path: 'metadata.plan', before: 'small', after: 'large' }],
  ],
  [
    'a label that goes',
    { metadata: { plan: 'small' } },
    [{ path: 'metadata.floor', before: '3', after: undefined }],
  ],
  [
    'a label that comes',
    { metadata: { ...STORED.metadata, wing: 'x' } },
    [{ path: 'metadata', after: { ...STORED.metadata, wing: 'x' } }],
  ],
]

for (const [what, part, expected] of CHANGES)
  test(`what the audit keeps of a change tells ${what}`, () => {
    const after = { ...STORED, ...part, updatedAt: '2026-01-02T00:00:00.000Z' }
    assert.deepEqual(changesOf(replacedBy(STORED, after), after), expected)
  })

test('of an object that is new or gone, all fields are told', () => {
  const object = { id: 'a', metadata: { x: '1' }, tags: [] }
  assert.deepEqual(changesOf(null, object), [
    { path: 'id', after: 'a' },
    { path: 'metadata.x', after: '1' },
    { path: 'tags', after: [] },
  ])
  assert.deepEqual(changesOf({ id: 'a' }, null), [{ path: 'id', before: 'a' }])
})
