import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '../operation.ts'
import { hashesOf } from './hashes.ts'
import { createOneAtATime } from './one-at-a-time.ts'
import { turnOf } from './turn-of.ts'

const late = () => new Error('waited too long')

test('work of one name runs one at a time, and a failure lets the next one go on', async () => {
  const oneAtATime = createOneAtATime(60_000, late)
  const running = new Set<string>()
  let ran = 0
  const one = (name: string, index: number) =>
    oneAtATime(name, async () => {
      assert.ok(!running.has(name))
      running.add(name)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(name)
      ran += 1
      if (index === 3) throw new Error('on purpose')
      return index
    })
  const all = Array.from({ length: 20 }, (_, index) => [one('a', index), one('b', index)]).flat()
  const failed = (await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')
  assert.equal(ran, 40)
  assert.equal(failed.length, 2)
})

test('a thousand wait in the order of arrival, and one more is refused at once', async () => {
  const oneAtATime = createOneAtATime(60_000, late)
  const ran: number[] = []
  const all = Array.from({ length: 1002 }, (_, index) =>
    oneAtATime('a', async () => {
      ran.push(index)
      await new Promise((resolve) => setImmediate(resolve))
    }),
  )
  await assert.rejects(all.at(-1) as Promise<void>, /waited too long/)
  assert.deepEqual(ran, [0])
  await Promise.allSettled(all)
  assert.deepEqual(ran, [...Array(1001).keys()])
})

test('who waits for too long is refused, and the work goes on', async () => {
  const oneAtATime = createOneAtATime(1, late)
  let finish = (_: string) => {}
  const first = oneAtATime('a', () => new Promise<string>((resolve) => (finish = resolve)))
  await assert.rejects(
    oneAtATime('a', async () => 'second'),
    /waited too long/,
  )
  finish('first')
  assert.equal(await first, 'first')
  assert.equal(await oneAtATime('a', async () => 'third'), 'third')
})

test('the turn of work is that of its first transaction, and none where it begins otherwise', async () => {
  const call = { app: { db: {} } } as unknown as Call
  const never = () => assert.fail('the work went on')
  const cases: [work: (call: Call) => Promise<unknown>, turn: string | undefined][] = [
    [({ app }) => app.db.transaction(async () => {}, { turn: 'acme' }).then(never), 'acme'],
    [({ app }) => app.db.transaction(async () => {}).then(never), undefined],
    [({ app }) => app.db.read.many(never, { text: [], values: [] }).then(never), undefined],
    [async () => 'nothing', undefined],
    [() => Promise.reject(new Error('refused before anything was asked')), undefined],
  ]
  for (const [work, turn] of cases) assert.equal((await turnOf(call, work))?.turn, turn)
})

test('a request is known by its path, key and content, not by the order of its keys', () => {
  const named = { path: '/a', key: 'k', content: { body: { a: 1, b: [{ c: 2, d: null }] } } }
  const base = hashesOf(named)
  const same = hashesOf({ ...named, content: { body: { b: [{ d: null, c: 2 }], a: 1 } } })
  assert.deepEqual(same, base)
  for (const other of [{ path: '/b' }, { key: 'K' }, { path: '/a\0', key: '' }])
    assert.notDeepEqual(hashesOf({ ...named, ...other }).request, base.request)
  for (const content of [undefined, {}, { body: { a: 1, b: [{ d: null }] } }, { body: { a: '1' } }])
    assert.notDeepEqual(hashesOf({ ...named, content }).content, base.content)
})
