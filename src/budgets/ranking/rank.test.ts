import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantFromWire } from '../../kernel/clock.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import { standingOf } from '../standings/index.ts'
import { pauseAfter, rankOf } from './rank.ts'

const MONTH = instantFromWire('2026-05-01T00:00:00Z')
const END = instantFromWire('2026-06-01T00:00:00Z')
const NOW = instantFromWire('2026-05-11T00:00:00Z')
const DAY = 86_400_000

const rank = (of: {
  usage?: number
  held?: number
  limit?: number | null
  windowStart?: number
  isLevel?: boolean
}) => {
  const { usage = 0, held = 0, limit = 100, isLevel = false } = of
  const { windowStart = isLevel ? 0 : MONTH } = of
  const budget = {
    ...{ assignmentKey: 'budget', revision: 1, entityKey: 'entity', entityId: 'eng' },
    ...{ displayName: null, capabilityKey: 'tokens', scopeEntityIds: [], cadence: 'P1M' },
    usageLimit: limit === null ? null : wholeUnits(limit),
    isLevel,
    createdAt: MONTH - DAY,
    counter: { windowStart, usage: wholeUnits(usage), held: wholeUnits(held) },
  }
  return rankOf(standingOf(budget, { transformation: null, now: NOW }))
}

/** The part of the limit that is used, and when it runs out. */
const TABLE: [string, Parameters<typeof rank>[0], [number, number | null] | null][] = [
  ['nothing used or held', {}, null],
  ['no limit', { usage: 5, limit: null }, null],
  ['usage of an earlier window', { usage: 90, windowStart: MONTH - 30 * DAY }, null],
  ['a limit of 0 without usage', { limit: 0 }, null],
  ['it runs out', { usage: 50 }, [0.5, NOW + 10 * DAY]],
  ['it does not run out', { usage: 20 }, [0.2, null]],
  ['it is used up', { usage: 100 }, [1, MONTH]],
  ['it is held up', { usage: 60, held: 40 }, [0.6, MONTH]],
  ['a level', { usage: 50, isLevel: true }, [0.5, null]],
  ['a level at its limit', { usage: 120, isLevel: true }, [1.2, 0]],
]
for (const [name, of, expected] of TABLE)
  test(`the rank of a budget: ${name}`, () => {
    const found = rank(of)
    assert.deepEqual(found && [Number(found.utilization) / 1e10, found.exhaustsAt], expected)
    if (found !== null) assert.equal(found.windowEnd, of.isLevel ? Number.POSITIVE_INFINITY : END)
  })

test('what is used up comes before all that will run out', () => {
  const usage = fc.integer({ min: 100, max: 1000 })
  const less = fc.integer({ min: 1, max: 99 })
  fc.assert(
    fc.property(usage, less, (all, some) => {
      const [used, left] = [rank({ usage: all }), rank({ usage: some })]
      assert.ok(used?.exhaustsAt != null && left !== null)
      assert.ok(left.exhaustsAt === null || used.exhaustsAt < left.exhaustsAt)
    }),
  )
})

test('the pause after a pass grows with what it looked at, within bounds', () => {
  assert.deepEqual(
    [0, 10_000, 60_000, 10_000_000].map(pauseAfter),
    [10_000, 10_000, 60_000, 600_000],
  )
})
