import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../kernel/errors.ts'
import { createShare, type ShareBounds } from './share.ts'

const bounds: ShareBounds = {
  all: () => 3,
  perCaller: () => 2,
  waiting: 5,
  waitingPerCaller: 3,
  waitMs: 600_000,
  pause: 0,
}
const here = new AbortController().signal

/** Starts work that ends when the test calls `end`, and notes the order in which it began. */
function startWork(share = createShare(bounds)) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const hold = (name: string, caller: string, signal = here) =>
    share.run({ caller, signal }, () => {
      begun.push(name)
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)))
    })
  /** Waits until all pending promises have settled. */
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const end = async (name: string) => {
    ends.get(name)?.()
    await settle()
  }
  return { share, begun, hold, end, settle }
}

const statusOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error) => (error instanceof ApiError ? [error.status, error.headers['retry-after']] : error),
  )

test('a caller and all callers have their limits, and waiting reads begin in order of arrival', async () => {
  const { share, begun, hold, end, settle } = startWork()
  const all = [
    hold('a1', 'a'),
    hold('a2', 'a'),
    hold('a3', 'a'),
    hold('b1', 'b'),
    hold('a4', 'a'),
    hold('b2', 'b'),
    hold('c1', 'c'),
  ]
  await settle()
  assert.deepEqual(begun, ['a1', 'a2', 'b1'])
  assert.deepEqual(share.counts(), { running: 3, waiting: 4 })
  // The first in the queue belongs to a caller at its limit. The one behind it need not wait.
  await end('b1')
  assert.deepEqual(begun.slice(3), ['b2'])
  await end('a2')
  assert.deepEqual(begun.slice(4), ['a3'])
  await end('b2')
  assert.deepEqual(begun.slice(5), ['c1'])
  for (const name of ['a1', 'a3', 'c1']) await end(name)
  assert.deepEqual(begun.slice(6), ['a4'])
  await end('a4')
  await Promise.all(all)
  assert.deepEqual(share.counts(), { running: 0, waiting: 0 })
})

test('the queue is limited: 429 at the limit of the caller, 503 at the limit of all, with Retry-After', async () => {
  const { share, hold, settle } = startWork()
  const leaving = new AbortController()
  const held = [
    ...['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => [name, 'a'] as const),
    ...['b1', 'b2', 'b3'].map((name) => [name, 'b'] as const),
  ].map(([name, caller]) => statusOf(hold(name, caller, leaving.signal)))
  await settle()
  assert.deepEqual(share.counts(), { running: 3, waiting: 5 })
  assert.deepEqual(await statusOf(hold('a6', 'a')), [429, '1'])
  assert.deepEqual(await statusOf(hold('c1', 'c')), [503, '1'])
  leaving.abort()
  await Promise.race(held)
  assert.deepEqual(share.counts(), { running: 3, waiting: 0 })
})

test('a read that has waited too long is refused and does not count any more', async () => {
  const { share, begun, hold, end } = startWork(createShare({ ...bounds, waitMs: 1 }))
  const first = hold('a1', 'a')
  const second = hold('a2', 'a')
  assert.deepEqual(await statusOf(hold('a3', 'a')), [429, '1'])
  const third = hold('b1', 'b')
  assert.deepEqual(await statusOf(hold('c1', 'c')), [503, '1'])
  for (const name of ['a1', 'a2', 'b1']) await end(name)
  await Promise.all([first, second, third])
  assert.deepEqual(begun, ['a1', 'a2', 'b1'])
  assert.deepEqual(share.counts(), { running: 0, waiting: 0 })
})

test('a caller that disconnects no longer waits, and failed work frees its place', async () => {
  const { share, begun, hold, end, settle } = startWork()
  const [first, second] = [hold('a1', 'a'), hold('a2', 'a')]
  const leaving = new AbortController()
  const left = hold('a3', 'a', leaving.signal)
  const next = hold('a4', 'a')
  leaving.abort()
  await assert.rejects(left, /has disconnected/)
  await assert.rejects(hold('a5', 'a', leaving.signal), /has disconnected/)
  await end('a1')
  assert.deepEqual(begun, ['a1', 'a2', 'a4'])
  await Promise.all([end('a2'), end('a4'), first, second, next])
  await assert.rejects(
    share.run({ caller: 'a', signal: here }, async () => {
      throw new Error('on purpose')
    }),
    /on purpose/,
  )
  await settle()
  assert.deepEqual(share.counts(), { running: 0, waiting: 0 })
})

test('a place stays empty for a while after a read if others wait, and only then', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pausing = createShare({ ...bounds, all: () => 1, perCaller: () => 1, pause: 0.5 })
  const { share, begun, hold, end, settle } = startWork(pausing)
  const first = hold('a1', 'a')
  const second = hold('b1', 'b')
  await end('a1')
  await first
  assert.deepEqual(share.counts(), { running: 1, waiting: 1 })
  assert.deepEqual(begun, ['a1'])
  t.mock.timers.tick(1000)
  await settle()
  assert.deepEqual(begun, ['a1', 'b1'])
  await end('b1')
  await second
  assert.deepEqual(share.counts(), { running: 0, waiting: 0 })
})
