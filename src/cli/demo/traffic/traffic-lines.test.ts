import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countOne, emptyTally, type Fate } from './tally.ts'
import { changeLine, type Names, statusText, summaryLines } from './traffic-lines.ts'
import type { Budget } from './watch-budgets.ts'
import type { Window } from './window-of.ts'

const NAMES: Record<string, string> = { ann: 'Ann', large: 'Large', eu: 'Europe' }
const names: Names = (id) => ({ name: NAMES[id] ?? id, type: 'user' })

const budgetOf = (budget: Partial<Budget>): Budget => ({
  entityId: 'ann',
  scopeEntityIds: [],
  usageLimit: 120_000,
  currentUsage: 119_870,
  ...budget,
})

function tallyOf(ended: Partial<Record<Fate, number>>) {
  const tally = emptyTally()
  for (const fate of ['granted', 'denied', 'failed'] as const)
    for (let count = 0; count < (ended[fate] ?? 0); count += 1) countOne(tally, fate, 1)
  return tally
}

test('a line names the budget, its usage and limit, and when it is or was free again', () => {
  const minute: Window = {
    usagePeriodStart: '2026-05-18T10:07:00.000Z',
    usagePeriodEnd: '2026-05-18T10:08:00.000Z',
  }
  const month: Window = {
    usagePeriodStart: '2026-05-01T00:00:00.000Z',
    usagePeriodEnd: '2026-06-01T00:00:00.000Z',
  }
  const scoped = budgetOf({ entityId: 'bob', scopeEntityIds: ['large', 'eu'] })
  const lines: [string, string][] = [
    [
      changeLine({ kind: 'blocked', budget: budgetOf({}) }, minute, names),
      'blocked  user Ann: 119,870 of 120,000, until 10:08:00 UTC',
    ],
    [
      changeLine({ kind: 'blocked', budget: scoped }, month, names),
      'blocked  user bob for Large, Europe: 119,870 of 120,000, until 2026-06-01',
    ],
    [
      changeLine({ kind: 'blocked', budget: budgetOf({}) }, null, names),
      'blocked  user Ann: 119,870 of 120,000',
    ],
    [
      changeLine(
        { kind: 'free', budget: budgetOf({ currentUsage: 5 }), afterMs: 20_600 },
        null,
        names,
      ),
      'free     user Ann: 5 of 120,000, after 21 s',
    ],
    [
      changeLine(
        { kind: 'free', budget: budgetOf({ usageLimit: null }), afterMs: 200_000 },
        null,
        names,
      ),
      'free     user Ann: 119,870 of no limit, after 3 min 20 s',
    ],
  ]
  for (const [line, expected] of lines) assert.equal(line, expected)
})

test('the status shows the rate, the outcomes, the durations and how many budgets block', () => {
  const totals = tallyOf({ granted: 3000, denied: 1000 })
  const recent = { tally: tallyOf({ granted: 400, denied: 100 }), seconds: 2.5 }
  assert.equal(
    statusText(totals, recent, 12),
    '200/s  granted 3,000  denied 1,000 (25%)  p50 1.0 ms  p99 1.0 ms  12 block',
  )
  assert.equal(
    statusText(tallyOf({ failed: 3 }), { tally: emptyTally(), seconds: 1 }, 0),
    '0/s  granted 0  denied 0  failed 3  p50 -  p99 -  0 block',
  )
})

test('the summary shows totals, reasons and the budgets that denied most often', () => {
  const denials = ['ann', 'b', 'c', 'd', 'e', 'f'].map((entityId, place) => ({
    budget: budgetOf({ entityId }),
    count: 1200 - place,
  }))
  const lines = summaryLines(
    tallyOf({ granted: 10_000, denied: 2000, failed: 1 }),
    {
      seconds: 60,
      watch: { blocking: () => 2, denials: () => denials },
      reasons: new Map([['503: overloaded', 1]]),
    },
    names,
  )
  assert.deepEqual(lines, [
    '12,001 requests in 1 min 0 s, 200 a second',
    '10,000 granted, 2,000 denied (17%), 1 failed',
    'p50 1.0 ms, p99 1.0 ms',
    '        1  503: overloaded',
    'budgets that denied: 6, that block now: 2',
    '    1,200  user Ann',
    '    1,199  user b',
    '    1,198  user c',
    '    1,197  user d',
    '    1,196  user e',
  ])
})
