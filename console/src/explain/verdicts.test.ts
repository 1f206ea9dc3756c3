import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { EntitlementExplanation, EntitlementRule } from '../../../src/api.gen.ts'
import { type Given, VERDICTS, verdictOf } from './verdicts.ts'

const rules: EntitlementRule[] = JSON.parse(
  readFileSync(new URL('../../../api/schemas/EntitlementRule.json', import.meta.url), 'utf8'),
).enum

const answer: EntitlementExplanation = {
  type: 'FEATURE',
  isGranted: false,
  accessDeniedReason: 'BudgetExceeded',
  usageLimit: 10_000,
  currentUsage: 4880,
  resetPeriod: 'MONTH',
  usagePeriodEnd: '2026-06-01T00:00:00.000Z',
  rule: 'Budget',
  sources: [],
  counterfactual: [],
  chains: [
    [
      {
        entityId: 'agent-indexer',
        scopeEntityIds: [],
        usageLimit: 200,
        currentUsage: 150,
        isGranted: false,
        remaining: 50,
        holds: 0,
        resetsAt: '2026-05-19T00:00:00.000Z',
        blocks: true,
      },
    ],
  ],
  unresolved: ['agentId'],
  unattributed: [],
  holds: 0,
  isLevel: false,
}

const given: Given = {
  answer,
  customer: 'Orrery',
  capability: 'AI tokens',
  amount: 60,
  values: [],
  resource: 'site-1',
  nameOf: (id) => (id === 'agent-indexer' ? 'Indexer' : id),
  nowMs: Date.parse('2026-05-18T17:48:00.000Z'),
}

const textOf = (change: Partial<EntitlementExplanation>, more: Partial<Given> = {}): string =>
  verdictOf({ ...given, ...more, answer: { ...answer, ...change } as EntitlementExplanation })
    .sentence.map((part) => (typeof part === 'string' ? part : part.strong))
    .join('')

test('every rule of the API document has a sentence, and no other rule has one', () => {
  assert.deepEqual(Object.keys(VERDICTS).toSorted(), rules.toSorted())
})

test('every sentence is complete, whether the answer is yes or no', () => {
  for (const rule of rules)
    for (const isGranted of [true, false]) {
      const text = textOf({ rule, isGranted })
      assert.match(text, /^[A-Za-z].*\.$/, rule)
      assert.doesNotMatch(text, /undefined|null|NaN| {2}|\.\./, rule)
    }
})

test('a budget that stops usage is named, with what is left and until when', () => {
  assert.equal(
    textOf({}),
    'Indexer may use 200 in this window and has used 150, so 60 more do not fit. ' +
      '50 are left until 00:00 UTC (in 6 h 12 min).',
  )
})

test('the scope of a budget and what is held are told', () => {
  const chains = [[{ ...answer.chains[0]?.[0], scopeEntityIds: ['gpt'], holds: 20, remaining: 30 }]]
  assert.match(
    textOf({ chains } as Partial<EntitlementExplanation>),
    /in this window with gpt and has used 150, and reservations hold 20, so 60/,
  )
})

test('a limit that stops usage tells when it starts again', () => {
  assert.equal(
    textOf({ rule: 'HardLimit', currentUsage: 9990 }),
    'Orrery may use 10,000 a month and has used 9,990, so 60 more do not fit ' +
      'until 1 Jun, 00:00 UTC (in 13 d 6 h).',
  )
})

test('one of something is singular', () => {
  assert.match(textOf({ rule: 'HardLimit', isGranted: true }, { amount: 1 }), /so 1 more fits\.$/)
})
