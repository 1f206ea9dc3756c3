import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCache } from './cache.ts'

test('one entry too many drops the least recently used one', () => {
  const dropped: number[] = []
  const cache = createCache<string, number>({ max: 2, onDrop: (value) => dropped.push(value) })
  cache.set('a', 1)
  cache.set('b', 2)
  assert.equal(cache.get('a'), 1)
  assert.deepEqual(cache.oldest(), ['b', 2])
  cache.set('c', 3)
  assert.deepEqual([cache.peek('a'), cache.peek('b'), cache.peek('c')], [1, undefined, 3])
  assert.deepEqual(dropped, [2])
  assert.equal(cache.delete('a'), true)
  cache.set('c', 4)
  cache.clear()
  assert.deepEqual(dropped, [2], 'only what had to make room is told')
  assert.equal(cache.oldest(), undefined)
})

test('a cache that grows drops the least recently used entry, too', () => {
  const cache = createCache<string, string>({ max: 2, grows: true })
  cache.set('a', 'long enough for two')
  cache.set('b', '')
  cache.get('a')
  cache.set('c', 'c')
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.peek(key)),
    ['long enough for two', undefined, 'c'],
  )
  assert.equal(cache.counts().size, 2)
  assert.throws(() => createCache({ max: 2, grows: true, maxBytes: 2 }), /grows/)
})

test('the total size is limited, and an entry that is too large is not cached', () => {
  const cache = createCache<string, string>({
    ...{ max: 10, maxBytes: 4 },
    bytesOf: ({ length }) => length,
  })
  cache.set('a', 'aa')
  cache.set('b', 'bb')
  cache.set('c', '')
  assert.deepEqual([cache.peek('a'), cache.peek('b'), cache.peek('c')], [undefined, 'bb', ''])
  cache.set('d', 'ddddd')
  assert.equal(cache.peek('d'), undefined)
})

test('a cached value that has grown counts with its new size', () => {
  const cache = createCache<string, { size: number }>({
    ...{ maxBytes: 10, maxEntryBytes: 8 },
    bytesOf: ({ size }) => size,
  })
  const grown = { size: 2 }
  cache.set('a', { size: 4 })
  cache.set('b', grown)
  assert.equal(cache.bytes(), 6)
  grown.size = 5
  cache.set('b', grown)
  assert.deepEqual([cache.bytes(), cache.counts().size], [9, 2])
  grown.size = 7
  cache.set('b', grown)
  assert.deepEqual([cache.bytes(), cache.peek('a'), cache.peek('b')], [7, undefined, grown])
  grown.size = 9
  cache.set('b', grown)
  assert.deepEqual([cache.bytes(), cache.peek('b')], [0, undefined])
})

test('hits and misses are counted, and peek counts as neither', () => {
  const cache = createCache<string, number>({ max: 2 })
  cache.set('a', 1)
  for (const key of ['a', 'b', 'a']) cache.get(key)
  cache.peek('a')
  assert.deepEqual(cache.counts(), { hits: 2, misses: 1, size: 1 })
})
