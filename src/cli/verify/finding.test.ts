import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finding, sentenceOf } from './finding.ts'

const whose = { environmentId: 'default', customerId: 'acme' }
const window = {
  featureId: 'tokens',
  resourceId: null,
  windowStart: '2026-05-01T00:00:00.000Z',
  windowEnd: '2026-06-01T00:00:00.000Z',
}
const recounted = { count: '2', sum: '10', min: '4', setAt: null }
const budget = {
  id: 'budget-1',
  of: { entityId: 'ann', capabilityId: 'tokens', scopeEntityIds: ['gpt', 'eu'] },
}
const record = { recordId: 'record-1', occurredAt: '2026-05-18T10:07:42.000Z' }

const SENTENCES: [Finding, string][] = [
  [
    {
      ...whose,
      kind: 'total',
      ...window,
      stored: { ...recounted, sum: '12.5', setAt: 'x' },
      recounted,
    },
    'total of tokens, 2026-05-01T00:00:00.000Z to 2026-06-01T00:00:00.000Z: ' +
      'sum 12.5 instead of 10, setAt x instead of none',
  ],
  [
    {
      ...whose,
      kind: 'total',
      featureId: 'seats',
      resourceId: 'site',
      windowStart: null,
      windowEnd: null,
      stored: null,
      recounted,
    },
    'total of seats for site, all time: missing',
  ],
  [
    { ...whose, kind: 'marks', ...window, missing: 2, unfounded: 1 },
    'marks of tokens, 2026-05-01T00:00:00.000Z to 2026-06-01T00:00:00.000Z: ' +
      '2 missing, 1 without a record',
  ],
  [
    {
      ...whose,
      kind: 'counter',
      budget,
      revision: 2,
      windowStart: window.windowStart,
      stored: { usage: '0', held: '3' },
      recounted: { usage: '7', held: '3' },
    },
    'counter of the budget of ann for tokens within gpt, eu, revision 2, ' +
      'from 2026-05-01T00:00:00.000Z: usage 0 instead of 7',
  ],
  [{ ...whose, kind: 'record', ...record }, 'record record-1: its parts contradict each other'],
  [
    { ...whose, kind: 'name', ...record },
    'key of record-1: there is no such record or reservation',
  ],
  [
    { ...whose, kind: 'posting', ...record, budget, problem: 'revision' },
    'record record-1: posted to the budget of ann for tokens within gpt, eu, ' +
      'but the budget never had that revision',
  ],
  [
    { ...whose, kind: 'attribution', holder: 'record', ...record, what: 'budget', id: 'gone' },
    'record record-1: counts for the budget gone, which does not exist',
  ],
  [
    { ...whose, kind: 'subject', what: 'feature', id: 'gone', records: 2 },
    'usage of the feature gone, which does not exist: 2 records',
  ],
]
for (const [finding, sentence] of SENTENCES)
  test(`a finding is reported in one line: ${sentence}`, () => {
    assert.equal(sentenceOf(finding), `default acme: ${sentence}`)
  })
