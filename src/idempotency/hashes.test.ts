import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashesOf } from './hashes.ts'

test('a request is identified by path, key and content, whatever the order of the keys of objects', () => {
  const named = { path: '/a', key: 'k', content: { body: { a: 1, b: [{ c: 2, d: null }] } } }
  const base = hashesOf(named)
  const same = hashesOf({ ...named, content: { body: { b: [{ d: null, c: 2 }], a: 1 } } })
  assert.deepEqual(same, base)
  for (const other of [{ path: '/b' }, { key: 'K' }, { path: '/a\0', key: '' }])
    assert.notDeepEqual(hashesOf({ ...named, ...other }).request, base.request)
  for (const content of [undefined, {}, { body: { a: 1, b: [{ d: null }] } }, { body: { a: '1' } }])
    assert.notDeepEqual(hashesOf({ ...named, content }).content, base.content)
})
