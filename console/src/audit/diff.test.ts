import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf } from './diff.ts'

test('a change tells the fields that differ, also within metadata', () => {
  const before = { id: 'a', name: 'Old', metadata: { floor: '3', wing: 'x' }, updatedAt: '1' }
  const after = { id: 'a', name: 'New', metadata: { floor: '4' }, email: null, updatedAt: '2' }
  assert.deepEqual(changesOf(before, after), [
    { path: 'name', before: 'Old', after: 'New' },
    { path: 'metadata.floor', before: '3', after: '4' },
    { path: 'metadata.wing', before: 'x', after: undefined },
  ])
})

test('a new object tells all fields as new, and one that is gone all as former', () => {
  assert.deepEqual(changesOf(null, { id: 'a', tags: [] }), [
    { path: 'id', before: undefined, after: 'a' },
    { path: 'tags', before: undefined, after: [] },
  ])
  assert.deepEqual(changesOf({ id: 'a' }, null), [{ path: 'id', before: 'a', after: undefined }])
})
