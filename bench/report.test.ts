import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aligned } from './aligned.ts'
import { textOf, verdictsOf } from './report.ts'
import type { Figures, ScenarioResult } from './run-scenario.ts'
import type { Target } from './types.ts'

const figures = (perSecond: number, ratio = 1): Figures => ({
  perSecond,
  p99Ms: 10,
  cpuMs: 0.5,
  ratio: { median: ratio, min: ratio, max: ratio },
})

const scenario = (
  title: string,
  records: number | null,
  target: Target | null,
): ScenarioResult => ({
  name: title,
  title,
  connections: 8,
  statements: 14,
  records,
  sides: { server: figures(250), handwritten: figures(50, 5) },
  target,
  paced: null,
  rounds: [],
})

const reportOf = (...scenarios: ScenarioResult[]) => {
  const settings = { pairs: 7, seconds: 1.5, poolSize: 10 }
  const figured = {
    date: '',
    machine: {},
    settings,
    startUp: [],
    memory: null,
    byCustomers: [],
    task: null,
    scenarios,
  }
  return { ...figured, targets: verdictsOf(figured) }
}

test('a target is of a ratio or of records', () => {
  const { targets } = reportOf(
    scenario('consume', 1, { baseline: 'handwritten', ratio: 10 }),
    scenario('events', 100, { recordsPerSecond: 20_000 }),
    scenario('check', null, null),
  )
  assert.deepEqual(
    targets.map(({ unit, target, measured, met, margin }) => [unit, target, measured, met, margin]),
    [
      ['%', 1000, 500, false, -500],
      ['records/s', 20_000, 25_000, true, 5000],
    ],
  )
})

test('what writes usage stands in a table of its own, with its records', () => {
  const text = textOf(reportOf(scenario('check', null, null), scenario('events', 100, null)))
  const [, checks, events] = text.split('\n\n').map((block) => block.split('\n'))
  assert.doesNotMatch(checks?.[0] ?? '', /records/)
  assert.match(events?.[0] ?? '', /records\/s/)
  assert.match(events?.[1] ?? '', /^events +8 +14 +250 +25000 /)
})

test('columns that are empty go, and the others are aligned', () => {
  const rows = [
    ['', 'a', 'none', 'bb'],
    ['x', '1', '', '2'],
    ['long', '10', '', '20'],
  ]
  assert.deepEqual(aligned(rows), ['       a  bb', 'x      1   2', 'long  10  20'])
})
