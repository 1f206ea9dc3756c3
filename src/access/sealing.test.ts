import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSealed, seal, sealingKeyOf, unseal } from './sealing.ts'

const key = sealingKeyOf('a key of twenty-two or more')
const other = sealingKeyOf('another key of twenty-two or more')

test('a sealed text can be decrypted only with its key and for its place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
      const sealed = seal(text, key, place)
      assert.ok(isSealed(sealed))
      assert.equal(unseal(sealed, key, place), text)
      assert.equal(unseal(sealed, other, place), null)
      assert.equal(unseal(sealed, { ...other, id: key.id }, place), null)
      assert.equal(unseal(sealed, key, `${place}.`), null)
    }),
  )
})

test('a sealed text with a changed character cannot be decrypted', () => {
  const sealed = seal('signing-secret', key, 'here')
  fc.assert(
    fc.property(fc.nat({ max: sealed.length - 1 }), fc.constantFrom('A', 'b', '7'), (at, digit) => {
      // The last character of base64url has unused bits.
      fc.pre(sealed[at] !== digit && at < sealed.length - 1)
      const changed = sealed.slice(0, at) + digit + sealed.slice(at + 1)
      assert.equal(unseal(changed, key, 'here'), null)
    }),
  )
})

test('sealing the same text twice gives different results that do not contain the text', () => {
  const sealed = Array.from({ length: 100 }, () => seal('signing-secret', key, 'here'))
  assert.equal(new Set(sealed).size, 100)
  for (const each of sealed) assert.doesNotMatch(each, /signing/)
})

test('a plain text does not count as sealed', () => {
  for (const plain of ['', 'signing-abc', 'sealed:', 'sealed:1:x:y:z']) assert.ok(!isSealed(plain))
})

test('a sealed text with a shortened tag, which could be guessed, cannot be decrypted', () => {
  const sealed = seal('', key, 'here')
  const [text = ''] = sealed.split(':').slice(-1)
  const short = Buffer.from(text, 'base64url').subarray(0, 4).toString('base64url')
  assert.equal(unseal(sealed, key, 'here'), '')
  assert.equal(unseal(sealed.replace(text, short), key, 'here'), null)
})
