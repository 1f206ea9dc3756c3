import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { advance } from './pace.ts'

test('the number of due requests follows the rate, whatever the intervals of the timer', () => {
  const ticks = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 })
  fc.assert(
    fc.property(ticks, fc.integer({ min: 20, max: 10_000 }), (ticksMs, perSecond) => {
      let pace = { atMs: 0, owed: 0 }
      let sent = 0
      for (const ms of ticksMs) {
        pace = advance(pace, pace.atMs + ms, perSecond)
        const now = Math.floor(pace.owed)
        pace.owed -= now
        sent += now
      }
      assert.ok(Math.abs(sent - (pace.atMs / 1000) * perSecond) <= 1 + 1e-6, `${sent}`)
    }),
  )
})

test('after a pause, at most the requests of a tenth of a second are due', () => {
  assert.deepEqual(advance({ atMs: 0, owed: 0 }, 60_000, 200), { atMs: 60_000, owed: 20 })
  assert.deepEqual(advance({ atMs: 0, owed: 0 }, 60_000, 1), { atMs: 60_000, owed: 1 })
})
