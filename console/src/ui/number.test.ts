import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberIn, refuseNumber } from './number.ts'

const NUMBERS: readonly (readonly [string, number])[] = [
  ['0', 0],
  ['10', 10],
  [' 10 ', 10],
  ['-1', -1],
  ['+1', 1],
  ['007', 7],
  ['1.5', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['1e3', 1000],
  ['1E-3', 0.001],
]

const OTHERS = [
  ...['', ' ', '.', '-', 'e3', '1e', '1e+', '--1', '1 000', '1,000', '1.000,5', '1.2.3', '1_000'],
  ...['many', '10 calls', '10k', '50%', 'NaN', 'Infinity', '-Infinity', '∞', '1e999', '-1e999'],
  ...['0x1f', '0b1', '0o7', '10n', 'null', 'true', '[]', '١٢', '1\n2'],
]

for (const [text, value] of NUMBERS)
  test(`${JSON.stringify(text)} is a number`, () => {
    assert.equal(numberIn(text), value)
    assert.equal(refuseNumber('limit', text), null)
  })

for (const text of OTHERS)
  test(`${JSON.stringify(text)} is no number, and is refused at its field`, () => {
    assert.equal(numberIn(text), null)
    assert.equal(refuseNumber('limit', text)?.field, 'limit')
  })
