import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Addon, Plan } from '../../../src/api.gen.ts'
import { type ChangePart, changeParts, pairsOf } from './version-fields.ts'

const PLAN: Plan = {
  id: 'pro',
  productId: 'assistant',
  displayName: 'Pro',
  description: 'For teams',
  billingId: null,
  pricingType: 'PAID',
  status: 'PUBLISHED',
  versionNumber: 1,
  isLatest: true,
  entitlements: [],
  parentPlanId: 'basic',
  compatibleAddonIds: ['seats', 'support'],
  defaultTrialConfig: null,
  metadata: { team: 'platform' },
  createdAt: '2026-03-02T09:14:07.312Z',
  updatedAt: '2026-03-02T09:14:07.312Z',
}

const {
  parentPlanId: _parent,
  compatibleAddonIds: _addons,
  defaultTrialConfig: _trial,
  ...SHARED
} = PLAN
const ADDON: Addon = { ...SHARED, maxQuantity: 10, dependencies: [] }

/** What a change says, as one text for each field that it concerns. */
const wordsOf = (before: Plan | Addon | null, after: Plan | Addon): string[] =>
  pairsOf(before, after)
    .filter(({ isChanged }) => isChanged)
    .map((pair) => [pair.label, ...changeParts(pair).map(partText)].join(' '))

const partText = ({ words, value }: ChangePart): string =>
  value === undefined ? words : `${words} ${'text' in value ? value.text : value.id}`

const trial = { duration: 14, units: 'DAY', trialEndBehavior: null, budget: null } as const

const PLAN_CHANGES: readonly [change: Partial<Plan>, words: string[]][] = [
  [{ displayName: 'Pro plus' }, ['Name was Pro becomes Pro plus']],
  [{ description: null }, ['Description is removed. It was For teams']],
  [{ billingId: 'b-1' }, ['Billing id is b-1']],
  [{ parentPlanId: null }, ['Inherits from removes basic']],
  [{ parentPlanId: 'free' }, ['Inherits from adds free removes basic']],
  [{ compatibleAddonIds: ['support', 'seats'] }, []],
  [{ compatibleAddonIds: null }, ['Compatible add-ons removes seats removes support']],
  [{ compatibleAddonIds: ['seats', 'x'] }, ['Compatible add-ons adds x removes support']],
  [{ defaultTrialConfig: trial }, ['Default trial is 14 days, then it is paid']],
  [
    {
      defaultTrialConfig: {
        duration: 1,
        units: 'MONTH',
        trialEndBehavior: 'CONVERT_TO_PAID',
        budget: { hasSoftLimit: false, limit: 2000 },
      },
    },
    ['Default trial is 1 month, then it is paid; 2,000 may be spent at most'],
  ],
  [{ metadata: { tier: 'two' } }, ['Label team is removed. It was platform', 'Label tier is two']],
  [{ versionNumber: 2, status: 'DRAFT', isLatest: false, updatedAt: '2027-01-01T00:00:00Z' }, []],
]

for (const [change, words] of PLAN_CHANGES)
  test(`the change ${JSON.stringify(change)} of a plan is told in words`, () => {
    assert.deepEqual(wordsOf(PLAN, { ...PLAN, ...change }), words)
  })

test('what only add-ons have is told in words', () => {
  const after = { ...ADDON, maxQuantity: null, dependencies: ['support'] }
  assert.deepEqual(wordsOf(ADDON, after), [
    'Maximum quantity was 10 becomes no limit',
    'Needs adds support',
  ])
})

test('the first version tells all that it says', () => {
  assert.deepEqual(wordsOf(null, { ...PLAN, metadata: {} }), [
    'Name is Pro',
    'Description is For teams',
    'Pricing is paid',
    'Inherits from adds basic',
    'Compatible add-ons adds seats adds support',
  ])
})

const text = fc.option(fc.string({ maxLength: 5 }).filter((each) => each !== ''))
const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'))
const plan: fc.Arbitrary<Plan> = fc
  .record({
    displayName: fc.string({ minLength: 1, maxLength: 5 }),
    description: text,
    billingId: text,
    parentPlanId: fc.option(fc.constantFrom('a', 'b')),
    compatibleAddonIds: ids,
    metadata: fc.dictionary(fc.constantFrom('x', 'y', 'Name'), fc.string({ minLength: 1 })),
  })
  .map((fields) => ({ ...PLAN, ...fields }))

test('a field is told exactly if it differs, and nothing is told of equal versions', () => {
  fc.assert(
    fc.property(plan, plan, (before, after) => {
      for (const pair of pairsOf(before, after))
        assert.equal(changeParts(pair).length > 0, pair.isChanged, pair.label)
      assert.deepEqual(wordsOf(before, { ...before, versionNumber: 2 }), [])
      const isEqual = wordsOf(before, after).length === 0
      assert.equal(isEqual, wordsOf(after, before).length === 0)
    }),
  )
})
