import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusedWith } from '../../test/support/refused-with.ts'
import { ApiError } from '../kernel/errors.ts'
import { parseJsonBody } from './json-body.ts'

const parsed = (text: string) => parseJsonBody(Buffer.from(text))

test('an empty body is undefined, and other JSON is parsed as usual', () => {
  assert.equal(parsed(''), undefined)
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
      fc.pre(!/\\u0000|\\ud[89a-f]|__proto__/i.test(JSON.stringify(value)))
      assert.deepEqual(parsed(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

const HOSTILE: [text: string, code: string, message: RegExp][] = [
  ['{', 'BadUserInput', /not valid JSON/],
  ['{"a":NaN}', 'BadUserInput', /not valid JSON/],
  ['{"a":1e400}', 'BadUserInput', /^a is a number out of range/],
  ['{"a":[{"b":-1e999}]}', 'BadUserInput', /^a\[0\]\.b is a number/],
  ['{"__proto__":{}}', 'BadUserInput', /__proto__/],
  ['{"a":{"__proto__":1}}', 'BadUserInput', /__proto__/],
  ['{"a":{"constructor":{"prototype":{}}}}', 'BadUserInput', /constructor/],
  ['{"a":"\\u0000"}', 'BadUserInput', /"a" contains NUL/],
  ['{"a\\u0000":1}', 'BadUserInput', /NUL/],
  ['{"a":["\\udc00"]}', 'BadUserInput', /surrogate/],
  ['{"entities":[{"metadata":{"k":"\\u0000"}}]}', 'InvalidMetadataError', /metadata\.k/],
  ['{"metadata":{"\\ud800":"v"}}', 'InvalidMetadataError', /surrogate/],
  ['{"metadata":"\\u0000"}', 'BadUserInput', /metadata/],
  ['['.repeat(100_000), 'BadUserInput', /not valid JSON/],
  ['['.repeat(100) + ']'.repeat(100), 'BadUserInput', /nested deeper than 32/],
]
for (const [text, code, message] of HOSTILE)
  test(`the body ${text.slice(0, 50)} is refused with ${code}`, () => {
    assert.throws(() => parsed(text), refusedWith(code, message))
  })

test('invalid UTF-8 is refused, and any bytes give a value or a refusal', () => {
  assert.throws(() => parseJsonBody(Buffer.from([0x22, 0xc3, 0x28, 0x22])), /UTF-8/)
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      try {
        parseJsonBody(Buffer.from(bytes))
      } catch (error) {
        assert.ok(error instanceof ApiError, String(error))
      }
    }),
  )
})
