import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { quantityFromSql, wholeUnits } from '../../kernel/quantity.ts'
import { transformUnits } from './transform-units.ts'

const rows: [usage: string, divide: number, up: number, down: number][] = [
  ['0', 1000, 0, 0],
  ['1', 1000, 1, 0],
  ['999', 1000, 1, 0],
  ['1000', 1000, 1, 1],
  ['1000.0000000001', 1000, 2, 1],
  ['2001', 1000, 3, 2],
  ['0.5', 1, 1, 0],
  ['7', 1, 7, 7],
  ['-1', 1000, 0, -1],
  ['-1000', 1000, -1, -1],
  ['-1001', 1000, -1, -2],
  ['9007199254740991', 999_999_999_999_999, 10, 9],
]

for (const [usage, divide, up, down] of rows)
  test(`${usage} by ${divide} are ${up} units rounded up and ${down} rounded down`, () => {
    const quantity = quantityFromSql(usage)
    assert.equal(transformUnits(quantity, { divide, round: 'UP' }), wholeUnits(up))
    assert.equal(transformUnits(quantity, { divide, round: 'DOWN' }), wholeUnits(down))
  })

const usage = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const divide = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 999_999_999_999_999 }),
)

test('without a transformation, usage is unchanged', () => {
  fc.assert(fc.property(usage, (used) => assert.equal(transformUnits(used, null), used)))
})

test('UP gives the fewest whole units that cover the usage, DOWN the most that it fills', () => {
  fc.assert(
    fc.property(usage, divide, (used, by) => {
      const up = transformUnits(used, { divide: by, round: 'UP' })
      const down = transformUnits(used, { divide: by, round: 'DOWN' })
      const one = wholeUnits(1)
      for (const units of [up, down]) assert.equal(units % one, 0n)
      const size = BigInt(by)
      assert.ok(up * size >= used && (up - one) * size < used)
      assert.ok(down * size <= used && (down + one) * size > used)
    }),
  )
})

test('more usage never gives fewer units', () => {
  const round = fc.constantFrom('UP' as const, 'DOWN' as const)
  fc.assert(
    fc.property(usage, usage, divide, round, (a, b, by, rounding) => {
      const [less, more] = a < b ? [a, b] : [b, a]
      const transformation = { divide: by, round: rounding }
      assert.ok(transformUnits(less, transformation) <= transformUnits(more, transformation))
    }),
  )
})
