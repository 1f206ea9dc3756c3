import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countMinutes, type MinuteOf } from './count-minutes.ts'

const MINUTE_MS = 60_000

test('what was written and what is in memory add up to everything, whatever fails', () => {
  const step = fc.oneof(
    fc.record({ environmentKey: fc.constantFrom('one', 'two'), forwardMs: fc.nat(MINUTE_MS) }),
    fc.record({ limit: fc.nat(3), isWritten: fc.boolean() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const minutes = countMinutes()
      // Rows by their key: a later one replaces an earlier one.
      const rows = new Map<string, number>()
      const write = (taken: readonly MinuteOf[]) => {
        for (const { environmentKey, minute, counts } of taken)
          rows.set(`${environmentKey} ${minute}`, counts.checks)
      }
      let now = 0
      let decided = 0
      for (const each of steps)
        if ('limit' in each) {
          const taken = minutes.take(each.limit)
          if (each.isWritten) write(taken)
          minutes.settle(taken, { isWritten: each.isWritten, now })
        } else {
          now += each.forwardMs
          minutes.decided({ environmentKey: each.environmentKey, at: now }, 'CHECK', null)
          decided += 1
        }
      write([...minutes.of('one'), ...minutes.of('two')])
      assert.equal(
        [...rows.values()].reduce((sum, count) => sum + count, 0),
        decided,
      )
    }),
  )
})

test('a minute that has ended and is written needs no memory', () => {
  const minutes = countMinutes()
  const of = { environmentKey: 'one', at: 30_000 }
  minutes.decided(of, 'CONSUME', 'BudgetExceeded')
  minutes.recorded(of, 3)
  const taken = minutes.take(10)
  assert.deepEqual(taken, [
    {
      environmentKey: 'one',
      minute: 0,
      counts: {
        ...{ checks: 0, consumptions: 1, reservations: 0, granted: 0, records: 3 },
        denials: { BudgetExceeded: 1 },
      },
    },
  ])
  minutes.settle(taken, { isWritten: true, now: MINUTE_MS - 1 })
  assert.equal(minutes.of('one').length, 1)
  assert.deepEqual(minutes.take(10), [], 'nothing has changed')
  minutes.decided(of, 'CHECK', null)
  minutes.settle(minutes.take(10), { isWritten: true, now: MINUTE_MS })
  assert.deepEqual(minutes.of('one'), [])
})
