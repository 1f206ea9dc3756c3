import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyedMutex } from './keyed-mutex.ts'

const refusal = () => new Error('waited too long')

test('work with the same key runs one at a time, and the next work runs after a failure', async () => {
  const exclusively = createKeyedMutex({ waitMs: 60_000, refusal })
  const running = new Set<string>()
  let ran = 0
  const one = (key: string, index: number) =>
    exclusively(key, async () => {
      assert.ok(!running.has(key))
      running.add(key)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(key)
      ran += 1
      if (index === 3) throw new Error('on purpose')
      return index
    })
  const all = Array.from({ length: 20 }, (_, index) => [one('a', index), one('b', index)]).flat()
  const failed = (await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')
  assert.equal(ran, 40)
  assert.equal(failed.length, 2)
})

test('a thousand pieces of work wait in order of arrival, and one more is refused at once', async () => {
  const exclusively = createKeyedMutex({ refusal })
  const ran: number[] = []
  const all = Array.from({ length: 1002 }, (_, index) =>
    exclusively('a', async () => {
      ran.push(index)
      await new Promise((resolve) => setImmediate(resolve))
    }),
  )
  await assert.rejects(all.at(-1) as Promise<void>, /waited too long/)
  assert.deepEqual(ran, [0])
  await Promise.allSettled(all)
  assert.deepEqual(ran, [...Array(1001).keys()])
})

test('work that waits too long is refused, and the running work continues', async () => {
  const exclusively = createKeyedMutex({ waitMs: 1, refusal })
  let finish = (_: string) => {}
  const first = exclusively('a', () => new Promise<string>((resolve) => (finish = resolve)))
  await assert.rejects(
    exclusively('a', async () => 'second'),
    /waited too long/,
  )
  finish('first')
  assert.equal(await first, 'first')
  assert.equal(await exclusively('a', async () => 'third'), 'third')
})
