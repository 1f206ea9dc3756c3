import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRepeatedLines } from './repeated-lines.ts'

test('of similar lines one per second is written, with the number of lines that it stands for', () => {
  const lines = createRepeatedLines<string>({ first: 1000, last: 1000 })
  assert.equal(lines.offer('a', 'a1', 0), true)
  assert.equal(lines.offer('a', 'a2', 10), false)
  assert.equal(lines.offer('a', 'a3', 20), false)
  assert.equal(lines.offer('b', 'b1', 30), true, 'another kind is another line')
  assert.deepEqual(lines.due(999), [])
  assert.deepEqual(lines.due(1000), [{ line: 'a3', count: 2 }])
  assert.equal(lines.offer('a', 'a4', 1500), false, 'the held one was the line of this second')
  assert.deepEqual(lines.due(2000), [{ line: 'a4', count: 1 }])
  assert.equal(lines.offer('a', 'a5', 3000), true)
})

test('repeated lines are written less and less often, and at once again after a silence', () => {
  const lines = createRepeatedLines<number>({ first: 1000, last: 60_000 })
  const written: number[] = []
  for (let now = 0; now <= 600_000; now += 1000) {
    if (lines.offer('the database is gone', now, now)) written.push(now)
    for (const _ of lines.due(now)) written.push(now)
  }
  assert.deepEqual(written.slice(0, 8), [0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000])
  assert.ok(written.length <= 8 + 8)
  lines.due(700_000)
  assert.deepEqual(lines.due(800_000), [])
  assert.ok(lines.isEmpty())
  assert.equal(lines.offer('the database is gone', 1, 800_000), true)
})

test('every line is counted, and any number of kinds counts as at most 101', () => {
  const offered = fc.array(fc.record({ kind: fc.nat(300), afterMs: fc.nat(40) }), {
    maxLength: 1000,
  })
  fc.assert(
    fc.property(offered, (all) => {
      const lines = createRepeatedLines<number>({ first: 1000, last: 1000 })
      let now = 0
      let told = 0
      const perSecond = new Map<number, number>()
      const write = (count: number) => {
        told += count
        const second = Math.floor(now / 1000)
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
      }
      for (const { kind, afterMs } of all) {
        now += afterMs
        for (const { count } of lines.due(now)) write(count)
        if (lines.offer(String(kind), kind, now)) write(1)
      }
      now += 1000
      for (const { count } of lines.due(now)) write(count)
      assert.equal(told, all.length)
      for (const written of perSecond.values()) assert.ok(written <= 2 * 101)
    }),
  )
})
