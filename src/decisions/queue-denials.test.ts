import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDenialQueue, type NotedDenial } from './queue-denials.ts'
import { DECISION_KINDS, type DecisionKind } from './types.ts'

const NEVER = () => assert.fail('a denial was described on the path of a request')
const BOUNDS = { entries: 20, entriesPerEnvironment: 10, bytes: 1000 }
const MINUTE_MS = 60_000

const noted = (
  of: Partial<{ environment: string; kind: DecisionKind; customer: string; at: number }>,
  bytes = 10,
): NotedDenial => ({
  scope: { environmentKey: of.environment ?? 'one' },
  kind: of.kind ?? 'CHECK',
  at: of.at ?? 0,
  origin: { actor: { kind: 'API_KEY', id: 'key' }, traceId: null },
  denial: {
    customerId: of.customer ?? 'acme',
    resourceId: null,
    capability: { kind: 'feature', id: 'tokens' },
    reason: 'BudgetExceeded',
    entityId: null,
    bytes,
    describe: NEVER,
  },
})

test('every denial is kept, merged or dropped, and memory stays within its bounds', () => {
  const step = fc.oneof(
    fc.record({
      environment: fc.constantFrom('one', 'two', 'three'),
      kind: fc.constantFrom(...DECISION_KINDS),
      customer: fc.constantFrom(...'abcdefghijklmnop'),
      at: fc.nat(3 * MINUTE_MS),
      bytes: fc.nat(200),
    }),
    fc.nat(30),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = createDenialQueue(BOUNDS)
      let added = 0
      let counted = 0
      const write = (limit: number) => {
        const taken = queue.take(limit)
        assert.ok(taken.length <= limit)
        counted += taken.reduce((sum, { count }) => sum + count, 0)
        queue.settle(taken, true)
      }
      for (const each of steps)
        if (typeof each === 'number') write(each)
        else {
          queue.add(noted(each, each.bytes))
          added += 1
          assert.ok(queue.counts().waiting <= 2 * BOUNDS.entries)
        }
      write(1000)
      const { kept, merged, dropped, waiting } = queue.counts()
      assert.equal(waiting, 0)
      assert.equal(kept + merged + dropped, added)
      assert.equal(counted, kept + merged)
    }),
  )
})

test('a flood in one environment leaves room for others', () => {
  const queue = createDenialQueue(BOUNDS)
  for (let index = 0; index < 50; index += 1) queue.add(noted({ customer: `c${index}` }))
  assert.deepEqual(queue.counts(), { kept: 0, merged: 0, dropped: 40, waiting: 10 })
  queue.add(noted({ environment: 'two' }))
  assert.equal(queue.counts().waiting, 11)
})

test('denials that hold much memory are dropped beyond the bound of bytes', () => {
  const queue = createDenialQueue(BOUNDS)
  queue.add(noted({ customer: 'a' }, 600))
  queue.add(noted({ customer: 'b' }, 600))
  assert.equal(queue.counts().dropped, 1)
  queue.take(1)
  queue.add(noted({ customer: 'c' }, 600))
  assert.equal(queue.counts().waiting, 1, 'what is taken makes room')
})

test('what could not be written is counted as dropped', () => {
  const queue = createDenialQueue(BOUNDS)
  for (let index = 0; index < 3; index += 1) queue.add(noted({}))
  queue.settle(queue.take(10), false)
  assert.deepEqual(queue.counts(), { kept: 0, merged: 0, dropped: 3, waiting: 0 })
})

test('checks have one key in one minute on all servers, and consumptions have their own', () => {
  const keyOf = (each: NotedDenial) => {
    const queue = createDenialQueue(BOUNDS)
    queue.add(each)
    return queue.take(1)[0]?.mergeKey
  }
  assert.equal(keyOf(noted({ at: 1 })), keyOf(noted({ at: MINUTE_MS - 1 })))
  assert.notEqual(keyOf(noted({ at: 1 })), keyOf(noted({ at: MINUTE_MS })))
  assert.notEqual(keyOf(noted({})), keyOf(noted({ environment: 'two' })))
  assert.notEqual(keyOf(noted({ kind: 'CONSUME' })), keyOf(noted({ kind: 'CONSUME' })))
})
