import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instantFromWire } from '../../kernel/clock.ts'
import { type CadenceSpan, planHistory, refuseRange } from './plan-history.ts'
import { type LimitChange, limitAt, traceBudget } from './trace-budget.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (text: string) => instantFromWire(`2026-05-${text}Z`)
const CREATED = at('02T06:00:00')
const budget = { isLevel: false, createdAt: CREATED }
const spans = (...cadences: [cadence: string, from: number][]): CadenceSpan[] =>
  cadences.map(([cadence, from], index) => ({
    cadence,
    from,
    until: cadences[index + 1]?.[1] ?? Number.POSITIVE_INFINITY,
  }))
const shown = (windows: readonly { start: number; end: number; cadence: string }[]) =>
  windows.map(({ start, end, cadence }) => {
    const text = (instant: number) => new Date(instant).toISOString().slice(5, 16)
    return `${text(start)} ${text(end)} ${cadence}`
  })

test('the windows of a range begin with the budget, and each cadence has its own', () => {
  const range = { start: CREATED, end: at('06T12:00:00') }
  assert.deepEqual(shown(planHistory(budget, spans(['P2D', CREATED]), range).windows), [
    '05-02T06:00 05-04T00:00 P2D',
    '05-04T00:00 05-06T00:00 P2D',
    '05-06T00:00 05-08T00:00 P2D',
  ])
  const changed = spans(['P1D', CREATED], ['P1M', at('04T10:00:00')])
  assert.deepEqual(shown(planHistory(budget, changed, range).windows), [
    '05-02T06:00 05-03T00:00 P1D',
    '05-03T00:00 05-04T00:00 P1D',
    '05-04T00:00 05-04T10:00 P1D',
    '05-02T06:00 06-01T00:00 P1M',
  ])
})

test('a range has at most 600 steps, and cuts ascend within it', () => {
  const cadences = fc.constantFrom('PT1H', 'P1D', 'P1W', 'P1M')
  const length = fc.integer({ min: 1, max: 900 * HOUR })
  fc.assert(
    fc.property(cadences, length, fc.integer({ min: 0, max: 40 * DAY }), (cadence, ms, offset) => {
      const range = { start: CREATED + offset, end: CREATED + offset + ms }
      const { windows, cuts } = planHistory(budget, spans([cadence, CREATED]), range)
      assert.ok(cuts.length <= 603 + 2 * windows.length)
      assert.deepEqual(
        cuts,
        [...new Set(cuts)].toSorted((one, other) => one - other),
      )
      assert.equal(cuts.at(-1), range.end)
      assert.ok(windows.every(({ start, end }) => start < range.end && end > range.start))
    }),
  )
})

test('too many windows are refused before they are listed, and so is an impossible range', () => {
  const range = { start: CREATED, end: CREATED + 30 * DAY }
  assert.throws(() => planHistory(budget, spans(['PT1M', CREATED]), range), /1000 windows/)
  assert.throws(() => refuseRange({ start: 5, end: 5 }), /from must be before to/)
  assert.throws(() => refuseRange({ start: 0, end: 11 * 366 * DAY }), /10 years/)
})

test('the usage of each window is the sum of its amounts, and points are running totals', () => {
  const amount = fc.tuple(fc.integer({ min: 0, max: 9 * 24 }), fc.bigInt({ min: -5n, max: 50n }))
  const cadences = fc.constantFrom('PT6H', 'P1D', 'P1W')
  fc.assert(
    fc.property(
      fc.array(amount),
      cadences,
      fc.integer({ min: 0, max: 200 }),
      (amounts, cadence, hours) => {
        const range = { start: CREATED + hours * HOUR, end: CREATED + 240 * HOUR }
        const plan = planHistory(budget, spans([cadence, CREATED]), range)
        const records = amounts.map(([hour, usage]) => ({ at: CREATED + hour * HOUR, usage }))
        const sum = (from: number, until: number) =>
          records.reduce(
            (all, each) => (each.at >= from && each.at < until ? all + each.usage : all),
            0n,
          )
        const slots = plan.cuts.map((cut, index) =>
          sum(cut, plan.cuts[index + 1] ?? Number.POSITIVE_INFINITY),
        )
        const { windows, points } = traceBudget(plan, { amounts: slots, before: 0n })
        for (const { start, end, usage } of windows)
          assert.equal(usage, sum(start, Math.min(end, range.end)))
        for (const point of points) {
          const window = windows.find(({ start, end }) =>
            point.isResetPoint ? start === point.at : start < point.at && point.at <= end,
          )
          assert.ok(window)
          assert.equal(point.usage, sum(window.start, point.at))
        }
      },
    ),
  )
})

test('a level begins at what it was, and is not reset', () => {
  const range = { start: CREATED, end: CREATED + HOUR }
  const plan = planHistory({ ...budget, isLevel: true }, spans(['P1D', CREATED]), range)
  const amounts = plan.cuts.map((_, index) => (index === 1 ? -3n : 0n))
  const { windows, points } = traceBudget(plan, { amounts, before: 7n })
  assert.deepEqual(windows, [])
  assert.deepEqual([points[0]?.usage, points[1]?.usage, points.at(-1)?.usage], [7n, 7n, 4n])
  assert.ok(points.every(({ isResetPoint }) => !isResetPoint))
})

test('the limit at an instant is what the next change has replaced', () => {
  const changes: LimitChange[] = [
    { at: 10, usageLimit: { from: 1, to: 2 }, cadence: null },
    { at: 20, usageLimit: null, cadence: { from: 'P1D', to: 'P1M' } },
    { at: 30, usageLimit: { from: 2, to: null }, cadence: null },
  ]
  const limits = [9, 10, 25, 29, 30, 31].map((instant) => limitAt(changes, instant, null))
  assert.deepEqual(limits, [1, 2, 2, 2, null, null])
  assert.equal(limitAt([], 5, 8), 8)
})
