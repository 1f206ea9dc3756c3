import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { customerToken } from '../../test/support/customer-token.ts'
import { customerOfToken } from './customer-token.ts'

const SECRET = 'signing-secret'

test('a token names the customer that it was signed for', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 255 }), fc.string(), (customerId, secret) => {
      fc.pre(customerId.isWellFormed() && secret !== '')
      assert.equal(customerOfToken(customerToken(customerId, secret), secret), customerId)
    }),
  )
})

test('a token that was signed with another secret or for another customer is invalid', () => {
  const token = customerToken('acme', SECRET)
  assert.equal(customerOfToken(token, 'another'), null)
  assert.equal(customerOfToken(token.replace('acme', 'globex'), SECRET), null)
})

test('a token in another format is invalid', () => {
  const token = customerToken('acme', SECRET)
  for (const each of [
    '',
    'acme',
    token.replace('HMAC-SHA256 ', ''),
    token.replace('HMAC-SHA256', 'none'),
    token.slice(0, -2),
    token.replace(/:.*/, ':'),
    token.replace(/:.*/, ''),
    customerToken('', SECRET),
    customerToken('a'.repeat(1000), SECRET),
    `${token}00`,
    `${token}zz`,
    `${token} `,
    `${token}0`,
    `${token},`,
    `${token.slice(0, -1)}g`,
    token.replace(':', ':0x'),
  ])
    assert.equal(customerOfToken(each, SECRET), null, each)
})

test('a token with one wrong bit in its signature is invalid', () => {
  const token = customerToken('acme', SECRET)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 15 }), (back, flip) => {
      const at = token.length - back
      const digit = Number.parseInt(token.charAt(at), 16) ^ flip
      const forged = token.slice(0, at) + digit.toString(16) + token.slice(at + 1)
      assert.equal(customerOfToken(forged, SECRET), null)
    }),
  )
})
