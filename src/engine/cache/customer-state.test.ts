import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_VERSION } from '../../kernel/ids.ts'
import { createStateCache } from './customer-state.ts'
import type { Versions } from './versions.ts'

const versions = (change: Partial<Versions> = {}): Versions => ({
  archivedAt: null,
  structureVersion: 'structure 1',
  usageVersion: 'usage 1',
  sequence: 1,
  decidedAt: 0,
  environmentVersion: NO_VERSION,
  catalogVersion: NO_VERSION,
  environmentSequence: 0,
  unknownDimensions: 'ignore',
  ...change,
})

test('each half of a state is found only with its own version', () => {
  const cache = createStateCache(100_000)
  const state = cache.at('acme', versions())
  cache.put('acme', state)
  assert.equal(cache.at('acme', versions()), state)
  const used = cache.at('acme', versions({ usageVersion: 'usage 2' }))
  assert.equal(used.structure, state.structure)
  assert.notEqual(used.usage, state.usage)
  for (const change of [{ structureVersion: 'structure 2' }, { environmentVersion: 'another' }]) {
    const changed = cache.at('acme', versions(change))
    assert.notEqual(changed.structure, state.structure)
    assert.notEqual(changed.usage, state.usage)
  }
})

test('when the byte limit is exceeded, the least recently used state is dropped', () => {
  const cache = createStateCache(10_000)
  const put = (customer: string) => cache.put(customer, cache.at(customer, versions()))
  for (const customer of ['a', 'b', 'c', 'd', 'e', 'f']) put(customer)
  cache.at('a', versions())
  put('g')
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((customer) => cache.peek(customer) !== undefined),
    ['a', 'c', 'd', 'e', 'f', 'g'],
  )
  assert.deepEqual(cache.counts(), { customers: 6, bytes: 9600, evictions: 1 })
})

test('a state that grows while it is cached counts with its new size', () => {
  const cache = createStateCache(10_000)
  for (const customer of ['a', 'b']) cache.put(customer, cache.at(customer, versions()))
  const state = cache.at('b', versions())
  state.structure.bytes += 800
  cache.put('b', state)
  assert.deepEqual(cache.counts(), { customers: 2, bytes: 4000, evictions: 0 })
  state.structure.bytes += 800
  cache.put('b', state)
  assert.deepEqual(cache.counts(), { customers: 1, bytes: 1600, evictions: 0 })
})

test('a state of before the cached one is not stored', () => {
  const cache = createStateCache(100_000)
  const seenAt = (sequence: number, usageVersion: string) => {
    const state = cache.at('acme', versions({ usageVersion, sequence }))
    state.usage.seen = { versions: versions({ usageVersion, sequence }), at: sequence }
    return state
  }
  const before = seenAt(1, 'usage 1')
  const after = seenAt(2, 'usage 2')
  cache.put('acme', after)
  cache.put('acme', before)
  assert.equal(cache.peek('acme'), after)
  const latest = seenAt(3, 'usage 3')
  cache.put('acme', latest)
  assert.equal(cache.peek('acme'), latest)
})

test('a state that is too large is not cached, and without memory none is', () => {
  const cache = createStateCache(100_000)
  const large = cache.at('large', versions())
  large.structure.bytes = 25_000
  cache.put('large', large)
  assert.equal(cache.peek('large'), undefined)
  const none = createStateCache(0)
  none.put('acme', none.at('acme', versions()))
  assert.equal(none.peek('acme'), undefined)
})
