import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from './errors.ts'
import { inBody } from './field.ts'
import {
  amountFromWire,
  quantityFromSql,
  quantityFromWire,
  quantityToSql,
  quantityToWire,
  wholeUnits,
} from './quantity.ts'

const accepted: readonly (readonly [number, string])[] = [
  [0, '0.0000000000'],
  [-0, '0.0000000000'],
  [12, '12.0000000000'],
  [-12.5, '-12.5000000000'],
  [0.1, '0.1000000000'],
  [1e-7, '0.0000001000'],
  [1e-10, '0.0000000001'],
  [-1e-10, '-0.0000000001'],
  [12345.6789012345, '12345.6789012345'],
  [99999.9999999999, '99999.9999999999'],
  [Number.MAX_SAFE_INTEGER, '9007199254740991.0000000000'],
  [Number.MIN_SAFE_INTEGER, '-9007199254740991.0000000000'],
  [1e19, '10000000000000000000.0000000000'],
  [99_999_999_999_999_900_000, '99999999999999900000.0000000000'],
]

test('a JSON number is read as the decimal that was written', () => {
  for (const [value, text] of accepted)
    assert.equal(quantityToSql(quantityFromWire(value, inBody('limit'))), text, String(value))
})

const refused: readonly (readonly [number, RegExp])[] = [
  [1e-11, /limit must have at most 10 decimals/],
  [1.000000000001e-2, /limit must have at most 10 decimals/],
  [5e-324, /limit must have at most 10 decimals/],
  [0.30000000000000004, /limit must have at most 15 significant digits/],
  [1234567.123456789, /limit must have at most 15 significant digits/],
  [2 ** 53, /limit must have at most 15 significant digits/],
  [1e20, /limit must have at most 20 digits before the point/],
  [-1e20, /limit must have at most 20 digits before the point/],
  [Number.MAX_VALUE, /limit must have at most 15 significant digits/],
  [1e308, /limit must have at most 20 digits before the point/],
]

test('a number that does not fit into a column or into JSON is refused with its field', () => {
  for (const [value, message] of refused)
    assert.throws(
      () => quantityFromWire(value, inBody('limit')),
      (error) => error instanceof ApiError && error.status === 400 && message.test(error.message),
      String(value),
    )
})

const rounded: readonly (readonly [number, string])[] = [
  [0, '0.0000000000'],
  [-0, '0.0000000000'],
  [0.1 + 0.2, '0.3000000000'],
  [1.1 * 3, '3.3000000000'],
  [1234567.123456789, '1234567.1234567890'],
  [5e-11, '0.0000000000'],
  [5.000000000000001e-11, '0.0000000001'],
  [1.5e-10, '0.0000000002'],
  [2.5e-10, '0.0000000002'],
  [-2.5e-10, '-0.0000000002'],
  [-3.5e-10, '-0.0000000004'],
  [1.99999999995, '2.0000000000'],
  [5e-324, '0.0000000000'],
  [2 ** 53, '9007199254740992.0000000000'],
  [99_999_999_999_999_980_000, '99999999999999980000.0000000000'],
]

test('an amount is rounded in its decimal form, halves to the even digit', () => {
  for (const [value, text] of rounded)
    assert.equal(quantityToSql(amountFromWire(value, inBody('amount'))), text, String(value))
})

test('an amount is refused only for its size, with its field', () => {
  for (const value of [1e20, -1e20, 1e308, Number.MAX_VALUE])
    assert.throws(
      () => amountFromWire(value, inBody('amount')),
      (error) =>
        error instanceof ApiError &&
        error.status === 400 &&
        /amount must have at most 20 digits before the point/.test(error.message),
      String(value),
    )
})

test('a column with fewer decimals or none is read', () => {
  assert.equal(quantityFromSql('12'), wholeUnits(12))
  assert.equal(quantityFromSql('-0.5'), -wholeUnits(1) / 2n)
  for (const text of ['', '1.', '.5', '1e3', 'NaN', 'Infinity', '1.00000000001', '--1'])
    assert.throws(() => quantityFromSql(text), text)
})

test('a sum that is too exact for JSON is sent as the nearest number', () => {
  assert.equal(quantityToWire(quantityFromSql('12345678901234567.5000000001')), 12345678901234568)
  assert.equal(quantityToWire(quantityFromSql('0.1') + quantityFromSql('0.2')), 0.3)
})

/** Up to 15 significant digits, up to 10 decimals. */
const decimal = fc
  .tuple(fc.integer({ min: -(10 ** 15) + 1, max: 10 ** 15 - 1 }), fc.nat({ max: 10 }))
  .map(([digits, decimals]) => Number(`${digits}e-${decimals}`))

test('an accepted number comes back unchanged, through JSON and through a column', () => {
  fc.assert(
    fc.property(fc.oneof(decimal, fc.maxSafeInteger()), (value) => {
      const quantity = quantityFromWire(value, inBody('value'))
      assert.equal(quantityToWire(quantity), value === 0 ? 0 : value)
      assert.equal(quantityFromSql(quantityToSql(quantity)), quantity)
    }),
  )
})

/** What a token costs: up to 6 decimals. */
const price = fc
  .tuple(fc.integer({ min: 1, max: 10 ** 6 }), fc.nat({ max: 6 }))
  .map(([units, decimals]) => ({ units, decimals, value: Number(`${units}e-${decimals}`) }))

test('tokens times a price is the exact decimal product, despite errors of the double', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 5 }), price, (tokens, { units, decimals, value }) => {
      const exact = BigInt(tokens) * BigInt(units) * 10n ** BigInt(10 - decimals)
      // Beyond 10^5 a double has fewer than 10 exact decimals.
      fc.pre(exact < 10n ** 15n)
      assert.equal(amountFromWire(tokens * value, inBody('amount')), exact)
    }),
    { numRuns: 10_000 },
  )
})

test('an amount differs from its decimal form by at most half of the last digit', () => {
  const number = fc.double({ min: -1e19, max: 1e19, noNaN: true })
  fc.assert(
    fc.property(number, (value) => {
      const [, sign, whole = '', fraction = '', power = 0] =
        /^(-?)(\d+)\.?(\d*)(?:e([+-]\d+))?$/.exec(String(value)) ?? []
      const decimals = fraction.length - Number(power)
      const digits = BigInt(`${sign}${whole}${fraction}`)
      // Both as whole numbers of 10^-scale.
      const scale = Math.max(decimals, 10)
      const stated = digits * 10n ** BigInt(scale - decimals)
      const amount = amountFromWire(value, inBody('amount'))
      const twice = 2n * (stated - amount * 10n ** BigInt(scale - 10))
      const unit = 10n ** BigInt(scale - 10)
      const size = twice < 0n ? -twice : twice
      assert.ok(size < unit || (size === unit && amount % 2n === 0n))
    }),
  )
})

test('sums are exact, and quantities are ordered like their numbers', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [x, y] = [quantityFromWire(a, inBody('a')), quantityFromWire(b, inBody('b'))]
      assert.equal(x + y - y, x)
      assert.equal(x < y, a < b)
    }),
  )
})
