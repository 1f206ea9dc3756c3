import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contract } from '../../test/support/api-document.ts'
import { required } from '../kernel/assert.ts'
import { instantFromWire } from '../kernel/clock.ts'
import { validationMessage } from './validation-message.ts'
import { createValidators } from './validators.ts'

const validators = createValidators(contract)
const bodyOf = (id: string) => {
  const operation = contract.operations.find((each) => each.id === id)
  return validators.body(required(operation, 'an operation'))
}
const validate = bodyOf('v1.usage.report')
const reported = (parts: object) =>
  validate({ usages: [{ customerId: 'a', featureId: 'b', value: 1, ...parts }] })
const accepts = (createdAt: string) => reported({ createdAt }) === null

test('an instant is accepted in every notation that clients use, and read alike', () => {
  const parts = fc.record({
    at: fc.date({ min: new Date('1970-01-02'), max: new Date('2100-01-01'), noInvalidDate: true }),
    offset: fc.integer({ min: -14 * 60, max: 14 * 60 }),
    digits: fc.constantFrom(0, 3),
  })
  fc.assert(
    fc.property(parts, ({ at, offset, digits }) => {
      const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1)
      const [date, time = ''] = (digits === 0 ? local.slice(0, -4) : local).split('T')
      const minutes = Math.abs(offset)
      const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((each) =>
        String(each).padStart(2, '0'),
      )
      const sign = offset < 0 ? '-' : '+'
      const instant = digits === 0 ? Math.floor(at.getTime() / 1000) * 1000 : at.getTime()
      for (const text of [
        `${date}T${time}${sign}${hh}:${mm}`,
        `${date}T${time}${sign}${hh}${mm}`,
        `${date} ${time}${sign}${hh}:${mm}`,
        `${date} ${time} ${sign}${hh}${mm}`,
      ]) {
        assert.ok(accepts(text), text)
        assert.equal(instantFromWire(text), instant, text)
      }
    }),
  )
})

test('an invalid instant is refused', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-05-18',
    '2026-05-18 10:07:42',
    '2026-05-18T10:07:42',
    '2026-05-18T10:07:42 +0200',
    '2026-05-18 10:07:42  +0200',
    '2026-05-18 10:07:42 +02:00',
    '2026-05-18 10:07:42 +2400',
    '2026-05-18 10:07:42 +02000',
    '2026-02-30 10:07:42 +0200',
    '2026-05-18 25:07:42 +0200',
    '2026-05-18 10:07:42 +0200 ',
    '2026-05-18 10:07:42 UTC',
    '2026-05-18\t10:07:42 +0200',
  ])
    assert.ok(!accepts(text), text)
})

test('a value that matches no alternative is refused with all alternatives, or with its defect', () => {
  const grant = (parts: object) => ({
    promotionalEntitlements: [
      {
        featureId: 'a',
        period: 'lifetime',
        customEndDate: null,
        usageLimit: 1,
        hasUnlimitedUsage: null,
        hasSoftLimit: null,
        enumValues: null,
        isVisible: null,
        ...parts,
      },
    ],
  })
  const create = bodyOf('v1.customers.promotionalEntitlements.create')
  assert.equal(create(grant({})), null)
  const rows = [
    [
      reported({ dimensions: { a: null } }),
      'usages[0].dimensions.a must be a string or a number or a boolean',
    ],
    [
      reported({ dimensions: { a: {} } }),
      'usages[0].dimensions.a must be a string or a number or a boolean',
    ],
    [
      create(grant({ resetPeriod: 'DECADE' })),
      'promotionalEntitlements[0].resetPeriod must be one of YEAR, MONTH, WEEK, DAY, HOUR',
    ],
    [
      create(grant({ weeklyResetPeriodConfiguration: {} })),
      'promotionalEntitlements[0].weeklyResetPeriodConfiguration.accordingTo is required',
    ],
    [
      create(grant({ weeklyResetPeriodConfiguration: 'EveryMonday' })),
      'promotionalEntitlements[0].weeklyResetPeriodConfiguration must be an object or null',
    ],
  ] as const
  for (const [error, sentence] of rows) {
    assert.ok(error !== null, sentence)
    assert.equal(validationMessage('body', error), sentence)
  }
})
