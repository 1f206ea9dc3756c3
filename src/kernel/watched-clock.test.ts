import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WrongClock } from './errors.ts'
import { judge, watchClock } from './watched-clock.ts'

const MAX_MS = 10_000
const START = 1_779_062_862_000
const DAY_MS = 86_400_000

/** Creates a machine whose clocks a test sets, and a clock that is compared with a right one. */
function openMachine() {
  const turns: boolean[] = []
  let passedMs = 0
  let wrongMs = 0
  const clock = watchClock({
    machine: { wall: () => START + passedMs + wrongMs, monotonic: () => passedMs },
    maxSkewMs: MAX_MS,
    onTurn: ({ isRight }) => turns.push(isRight),
  })
  return {
    clock,
    turns,
    pass: (ms: number) => {
      passedMs += ms
    },
    setWrong: (ms: number) => {
      wrongMs = ms
    },
    /** Reads the right clock `after` ms after the request. The response comes `back` ms later. */
    compare: ({ after = 0, back = 0, theirsWrongMs = 0 } = {}) => {
      const askedAtMs = passedMs
      passedMs += after
      const theirs = START + passedMs + theirsWrongMs
      passedMs += back
      clock.compare({ theirs, askedAtMs, answeredAtMs: passedMs })
    },
    right: () => START + passedMs,
  }
}

test('the clock gives no time before the first comparison', () => {
  const { clock, compare, right } = openMachine()
  assert.throws(() => clock.now(), WrongClock)
  assert.equal(clock.standing(), null)
  compare()
  assert.equal(clock.now(), right())
})

for (const days of [400, -400])
  test(`a clock that jumps by ${days} days gives no time at the next reading, until it is right again`, () => {
    const { clock, compare, pass, setWrong, turns, right } = openMachine()
    compare()
    clock.now()
    pass(1)
    setWrong(days * DAY_MS)
    assert.throws(() => clock.now(), WrongClock)
    assert.deepEqual(clock.standing(), { isRight: false, skewMs: days * DAY_MS })
    compare()
    assert.throws(() => clock.now(), WrongClock)
    setWrong(0)
    assert.equal(clock.now(), right())
    assert.deepEqual(turns, [false, true])
  })

test('a jump of the reference clock is noticed at the next comparison', () => {
  const { clock, compare, turns } = openMachine()
  compare()
  compare({ theirsWrongMs: DAY_MS })
  assert.throws(() => clock.now(), WrongClock)
  compare()
  clock.now()
  assert.deepEqual(turns, [false, true])
})

test('after a pause of the machine, the clock gives the time again after a comparison', () => {
  const { clock, compare, pass, setWrong, right } = openMachine()
  compare()
  // The monotonic clock stood still during the pause, and the wall clock was corrected after it.
  setWrong(DAY_MS)
  assert.throws(() => clock.now(), WrongClock)
  compare({ theirsWrongMs: DAY_MS })
  pass(1)
  assert.equal(clock.now(), right() + DAY_MS)
})

test('a clock that is set back by less than the allowed skew stands still until it has caught up', () => {
  const { clock, compare, pass, setWrong } = openMachine()
  compare()
  const before = clock.now()
  setWrong(-4000)
  pass(1000)
  assert.equal(clock.now(), before)
  pass(3000)
  assert.equal(clock.now(), before)
  pass(1)
  assert.equal(clock.now(), before + 1)
})

test('a time that both clocks gave by mistake is forgotten', () => {
  const { clock, compare, setWrong, right } = openMachine()
  setWrong(400 * DAY_MS)
  compare({ theirsWrongMs: 400 * DAY_MS })
  assert.equal(clock.now(), right() + 400 * DAY_MS)
  setWrong(0)
  assert.throws(() => clock.now(), WrongClock)
  compare()
  assert.equal(clock.now(), right())
})

test('the time of a right clock never goes back and differs by no more than the allowed skew', () => {
  const step = fc.record({
    pass: fc.integer({ min: 0, max: 20_000 }),
    wrong: fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.constant(400 * DAY_MS)),
    back: fc.integer({ min: 0, max: 500 }),
    compares: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const { clock, compare, pass, setWrong, right } = openMachine()
      compare()
      let before = Number.NEGATIVE_INFINITY
      for (const { pass: ms, wrong, back, compares } of steps) {
        pass(ms)
        setWrong(wrong)
        if (compares) compare({ back })
        let told: number
        try {
          told = clock.now()
        } catch (error) {
          assert.ok(error instanceof WrongClock)
          assert.ok(Math.abs(wrong) > MAX_MS - 2 * 500)
          continue
        }
        assert.ok(told >= before)
        // A clock that stood still may be behind by as much as it was ahead before. A slow response
        // hides half of its own duration.
        assert.ok(Math.abs(told - right()) <= MAX_MS + 2 * 500, `${told - right()}`)
        before = told
      }
    }),
  )
})

test('a slow response changes nothing, whether the clock was right or wrong', () => {
  for (const wasRight of [true, false])
    assert.equal(judge(wasRight, { leastMs: -2000, mostMs: MAX_MS + 1 }, MAX_MS), wasRight)
  assert.equal(judge(true, { leastMs: MAX_MS + 1, mostMs: MAX_MS + 2000 }, MAX_MS), false)
  assert.equal(judge(true, { leastMs: -MAX_MS - 2000, mostMs: -MAX_MS - 1 }, MAX_MS), false)
  assert.equal(judge(false, { leastMs: -MAX_MS, mostMs: MAX_MS }, MAX_MS), true)
})
