import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ACTIVE_CURRENCIES_LIMIT,
  archivedCurrency,
  changeCurrency,
  newCurrency,
  refuseTooMany,
  unarchivedCurrency,
} from './change-currency.ts'
import type { CurrencyInput } from './types.ts'

const units = { singular: 'token', plural: 'tokens' }
const before = newCurrency(
  'tokens',
  { displayName: 'Tokens', description: 'd', symbol: 's', units, metadata: { a: '1', gone: '' } },
  { key: 'k', now: 1 },
)

test('absent fields are kept, null clears a field, and metadata is merged or cleared by null', () => {
  assert.deepEqual(before.metadata, { a: '1' })
  const rows: [input: CurrencyInput, differs: object][] = [
    [{ displayName: 'Other' }, { displayName: 'Other' }],
    [
      { description: null, symbol: null },
      { description: null, symbol: null },
    ],
    [
      { units: { singular: 'gem', plural: 'gems' } },
      { units: { singular: 'gem', plural: 'gems' } },
    ],
    [{ metadata: { b: '2' } }, { metadata: { a: '1', b: '2' } }],
    [{ metadata: null }, { metadata: {} }],
  ]
  for (const [input, differs] of rows)
    assert.deepEqual(changeCurrency(before, input, 9), { ...before, ...differs, updatedAt: 9 })
})

test('repeating a change changes nothing', () => {
  const text = fc.string({ maxLength: 2 })
  const input: fc.Arbitrary<CurrencyInput> = fc.record(
    {
      displayName: text,
      description: fc.option(text),
      symbol: fc.option(text),
      units: fc.record({ singular: text, plural: text }),
      metadata: fc.option(
        fc.dictionary(fc.constantFrom('a', 'b'), text, { noNullPrototype: false }),
      ),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(input, (wanted) => {
      const after = changeCurrency(before, wanted, 9)
      assert.equal(after.updatedAt, after === before ? 1 : 9)
      assert.equal(changeCurrency(after, wanted, 10), after)
    }),
  )
})

test('an archived currency refuses changes, and archiving can be repeated', () => {
  const archived = archivedCurrency(before, 9)
  assert.deepEqual(archived, { ...before, archivedAt: 9, updatedAt: 9 })
  assert.equal(archivedCurrency(archived, 10), archived)
  assert.throws(() => changeCurrency(archived, {}, 10), { code: 'EntityIsArchivedError' })
  const back = unarchivedCurrency(archived, 11)
  assert.deepEqual(back, { ...before, updatedAt: 11 })
  assert.equal(unarchivedCurrency(back, 12), back)
})

test('metadata that has grown too large is refused', () => {
  const metadata = { b: 'x'.repeat(1_048_576) }
  assert.throws(() => changeCurrency(before, { metadata }, 9), { code: 'InvalidMetadataError' })
})

test('the last active currency that is allowed is accepted, and the next one is refused', () => {
  refuseTooMany(ACTIVE_CURRENCIES_LIMIT - 1)
  assert.throws(() => refuseTooMany(ACTIVE_CURRENCIES_LIMIT), {
    status: 400,
    code: 'TooManyCustomCurrencies',
  })
})
