import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBody } from '../kernel/field.ts'
import { decideTrial, type TrialQuestion } from './decide-trial.ts'

const START = Date.UTC(2026, 0, 31)
const DAY_MS = 86_400_000
const TWO_WEEKS = { length: { unit: 'DAY', count: 14 }, endBehavior: null } as const
const question: TrialQuestion = {
  plan: { pricingType: 'PAID', defaultTrial: TWO_WEEKS },
  override: null,
  history: { hadTrial: false, hadPaid: false },
  startsAt: START,
  successor: null,
  where: inBody('trialOverrideConfiguration'),
}
const given = (isTrial: boolean, endsAt: number | null = null) => ({
  isTrial,
  endsAt,
  endBehavior: null,
})
const fortnight = { at: START + 14 * DAY_MS, endBehavior: 'CONVERT_TO_PAID', successor: null }

const rows: readonly (readonly [string, Partial<TrialQuestion>, object | null])[] = [
  ['the trial of the plan', {}, fortnight],
  ['no trial, if the plan has none', { plan: { pricingType: 'PAID', defaultTrial: null } }, null],
  ['no second trial', { history: { hadTrial: true, hadPaid: false } }, null],
  ['no trial for who has paid', { history: { hadTrial: false, hadPaid: true } }, null],
  [
    'a second trial on request',
    { history: { hadTrial: true, hadPaid: true }, override: given(true) },
    fortnight,
  ],
  ['no trial on request', { override: given(false) }, null],
  [
    'a trial with its own end',
    { override: given(true, START + DAY_MS) },
    { ...fortnight, at: START + DAY_MS },
  ],
  [
    'months of a trial end on the last day of a short month',
    {
      plan: {
        pricingType: 'CUSTOM',
        defaultTrial: { length: { unit: 'MONTH', count: 1 }, endBehavior: 'CANCEL_SUBSCRIPTION' },
      },
    },
    { at: Date.UTC(2026, 1, 28), endBehavior: 'CANCEL_SUBSCRIPTION', successor: null },
  ],
  [
    'what the request says of the end counts more than the plan',
    { override: { ...given(true), endBehavior: 'CANCEL_SUBSCRIPTION' } },
    { ...fortnight, endBehavior: 'CANCEL_SUBSCRIPTION' },
  ],
  ['no trial of a free plan', { plan: { pricingType: 'FREE', defaultTrial: TWO_WEEKS } }, null],
]
for (const [name, parts, expected] of rows)
  test(`a subscription gets ${name}`, () => {
    assert.deepEqual(decideTrial({ ...question, ...parts }), expected)
  })

const refused: readonly (readonly [string, Partial<TrialQuestion>])[] = [
  ['of a free plan', { plan: { pricingType: 'FREE', defaultTrial: null }, override: given(true) }],
  [
    'without a length',
    { plan: { pricingType: 'PAID', defaultTrial: null }, override: given(true) },
  ],
  ['that ends at its start', { override: given(true, START) }],
]
for (const [name, parts] of refused)
  test(`a trial ${name} is refused`, () => {
    assert.throws(() => decideTrial({ ...question, ...parts }), { code: 'InvalidArgumentError' })
  })
