import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { contentOf, type TokenMaker, type TokenSubject, tokenOf } from './token.ts'

const maker: TokenMaker = {
  databaseId: '0b4d8a3e-5f66-4c44-8a53-2f1e9f0a7d11',
  signingKey: createSecretKey(Buffer.alloc(32, 7)),
  history: 123_456,
}
const subject: TokenSubject = {
  environmentKey: '0196e0f2-0000-7000-8000-000000000001',
  customerId: 'acme',
}
const token = tokenOf(maker, subject, { customer: 5, environment: 9 })

const sequence = fc.integer({ min: 0, max: 2 ** 48 - 1 })

test('a token gives back what it was made of', () => {
  fc.assert(
    fc.property(
      fc.tuple(sequence, sequence),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.tuple(fc.uuid(), fc.string({ minLength: 1 })),
      ([customer, environment], history, [environmentKey, customerId]) => {
        const sequences = { customer, environment }
        const of = { environmentKey, customerId }
        const text = tokenOf({ ...maker, history }, of, sequences)
        assert.match(text, /^[\w-]{44}$/)
        assert.deepEqual(contentOf({ ...maker, history: 0 }, of, text), { sequences, history })
      },
    ),
  )
})

const FOREIGN: Record<string, [TokenMaker, TokenSubject]> = {
  'database id': [{ ...maker, databaseId: '0b4d8a3e-5f66-4c44-8a53-2f1e9f0a7d12' }, subject],
  'signing key': [{ ...maker, signingKey: createSecretKey(Buffer.alloc(32, 8)) }, subject],
  environment: [maker, { ...subject, environmentKey: '0196e0f2-0000-7000-8000-000000000002' }],
  customer: [maker, { ...subject, customerId: 'acme2' }],
}

for (const [name, [otherMaker, otherSubject]] of Object.entries(FOREIGN))
  test(`a token of another ${name} is none`, () => {
    assert.equal(contentOf(otherMaker, otherSubject, token), null)
  })

test('a token with any other bit is none', () => {
  const bytes = Buffer.from(token, 'base64url')
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    assert.equal(contentOf(maker, subject, changed.toString('base64url')), null)
  }
})

test('other texts are none', () => {
  for (const text of [
    '',
    'x',
    token.slice(1),
    `${token}A`,
    `${token}=`,
    ` ${token}`,
    '*'.repeat(44),
  ])
    assert.equal(contentOf(maker, subject, text), null)
})
