import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SubscriptionEntitlementInput } from '../../../src/api.gen.ts'
import type { EntitlementFields, FeatureKind } from '../packages/entitlement-values.ts'
import { limitText } from '../packages/entitlement-words.ts'
import {
  fieldsOfLimit,
  inputOfFields,
  inputOfLimit,
  limitsWith,
  type OwnLimit,
} from './own-limit-values.ts'

const stored = (more: Partial<OwnLimit> = {}): OwnLimit => ({
  id: 'calls',
  type: 'FEATURE',
  usageLimit: null,
  hasUnlimitedUsage: false,
  hasSoftLimit: false,
  resetPeriod: null,
  resetPeriodConfiguration: null,
  ...more,
})

const CALLS: FeatureKind = { featureType: 'NUMBER', meterType: 'INCREMENTAL' }
const SEATS: FeatureKind = { featureType: 'NUMBER', meterType: 'FLUCTUATING' }
const SSO: FeatureKind = { featureType: 'BOOLEAN', meterType: 'None' }

const rows: readonly [OwnLimit, FeatureKind, Partial<SubscriptionEntitlementInput>, string][] = [
  [stored(), SSO, {}, 'yes'],
  [stored({ usageLimit: 0 }), SEATS, { usageLimit: 0 }, '0'],
  [
    stored({ usageLimit: 2000, hasSoftLimit: true }),
    SEATS,
    { usageLimit: 2000, hasSoftLimit: true },
    '2,000, soft',
  ],
  [stored({ hasUnlimitedUsage: true }), SEATS, { hasUnlimitedUsage: true }, 'no limit'],
  [
    stored({
      usageLimit: 5,
      resetPeriod: 'WEEK',
      resetPeriodConfiguration: { accordingTo: 'EveryFriday' },
    }),
    CALLS,
    {
      usageLimit: 5,
      resetPeriod: 'WEEK',
      weeklyResetPeriodConfiguration: { accordingTo: 'EveryFriday' },
    },
    '5 a week',
  ],
  [
    stored({ usageLimit: 5, resetPeriod: 'DAY' }),
    CALLS,
    { usageLimit: 5, resetPeriod: 'DAY' },
    '5 a day',
  ],
]

for (const [limit, kind, terms, text] of rows)
  test(`a limit is sent again as it was, untouched or from its form: ${text}`, () => {
    const input = { id: 'calls', type: 'FEATURE', ...terms }
    assert.deepEqual(inputOfLimit(limit), input)
    assert.deepEqual(inputOfFields(fieldsOfLimit(limit), kind), input)
    assert.equal(limitText(limit), text)
  })

test('a limit that was changed comes first, and the others are sent as they were', () => {
  const fields: EntitlementFields = { ...fieldsOfLimit(stored({ usageLimit: 5 })), limit: ' 7 ' }
  const changed = inputOfFields(fields, SEATS)
  const all = [stored({ id: 'seats', usageLimit: 3 }), stored({ usageLimit: 5 })]
  assert.deepEqual(limitsWith(all, changed, 'calls'), [
    { id: 'calls', type: 'FEATURE', usageLimit: 7 },
    { id: 'seats', type: 'FEATURE', usageLimit: 3 },
  ])
  assert.deepEqual(limitsWith(all, null, 'seats'), [
    { id: 'calls', type: 'FEATURE', usageLimit: 5 },
  ])
})
