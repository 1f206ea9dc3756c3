import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../kernel/errors.ts'
import { parseJsonBody } from './json-body.ts'
import { AT_ONCE_BYTES, createBodyParser, isLarge } from './large-body.ts'

const parse = createBodyParser()
const parsed = async (text: string) => parse([Buffer.from(text)])
/** White space that makes a body so large that it is parsed in slices. */
const PADDING = ' '.repeat(AT_ONCE_BYTES)

async function outcome(of: () => unknown): Promise<unknown> {
  try {
    return { value: await of() }
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    return { refused: error.status, code: error.code }
  }
}

const inner = fc.jsonValue({ maxDepth: 4, noUnicodeString: false })
const object = fc.dictionary(fc.string(), fc.oneof(inner, fc.array(inner)))
/** JSON in which up to three bytes are removed or replaced. Some of it is still valid. */
const nearlyJson = fc
  .tuple(
    object,
    fc.array(
      fc.tuple(fc.nat(), fc.constantFrom('', '[', ']', '{', '}', ',', '"', '\\', ' ', '0')),
      {
        maxLength: 3,
      },
    ),
  )
  .map(([value, edits]) =>
    edits.reduce((text, [at, by]) => {
      const place = at % text.length
      return text.slice(0, place) + by + text.slice(place + 1)
    }, JSON.stringify(value)),
  )
  .filter((text) => text.trimStart().startsWith('{'))

test('a large body gives the same values and refusals as a small one', async () => {
  await fc.assert(
    fc.asyncProperty(nearlyJson, async (text) => {
      const small = await outcome(() => parseJsonBody(Buffer.from(text)))
      assert.deepEqual(await outcome(() => parsed(text + PADDING)), small)
      assert.deepEqual(await outcome(() => parsed(PADDING + text)), small)
    }),
    { numRuns: 1000 },
  )
})

const CASES: [text: string, message: RegExp | null][] = [
  ['{"a":[1,[2,3],{"b":[4]}],"c":[],"d":{"e":[5]}}', null],
  ['{"a":[1],"a":[2]}', null],
  ['\ufeff{"a":[1]}', null],
  ['{"a":[\ufeff1]}', /not valid JSON/],
  ['{"a":[1],"a":7}', null],
  ['{"a":["]",",","\\"]"]}', null],
  ['{"a":["\\\\","]\\\\\\",","\\n\\\\"]}', null],
  ['{"a":["\\\\\\"]}', /not valid JSON/],
  ['{"a":[1,]}', /not valid JSON/],
  ['{"a":[,1]}', /not valid JSON/],
  ['{"a":[1}', /not valid JSON/],
  ['{"a":[1]', /not valid JSON/],
  ['{"a":[1][2]}', /not valid JSON/],
  ['{"a":[nonsense],"a":[2]}', /not valid JSON/],
  ['{"a":[{"__proto__":1}]}', /__proto__/],
  ['{"__proto__":[1]}', /__proto__/],
  ['{"a":[{"b":1e400}]}', /^a\[0\]\.b is a number out of range/],
  ['{"a":["\\u0000"]}', /"a\[0\]" contains NUL/],
  [`{"a":[${'['.repeat(31)}${']'.repeat(31)}]}`, null],
  [`{"a":[${'['.repeat(32)}${']'.repeat(32)}]}`, /nested deeper than 32/],
]
for (const [text, message] of CASES)
  test(`the large body ${text.slice(0, 40)} is ${message === null ? 'read' : 'refused'}`, async () => {
    if (message !== null) return assert.rejects(parsed(text + PADDING), { message })
    const body = await parsed(text + PADDING)
    assert.deepEqual(body, parseJsonBody(Buffer.from(text)))
    assert.ok(isLarge(body))
  })

test('a body that cannot be divided into parts is refused before it is parsed', async () => {
  const megabytes = (text: string) => text.repeat(Math.ceil(1_100_000 / text.length))
  const refused: [string, RegExp][] = [
    [`[${megabytes('[],')}[]]`, /^body must be an object/],
    [`{"junk":{"a":[${megabytes('[],')}1]}}`, /except its lists is larger than 1 MB/],
    [`{"events":[[${megabytes('[],')}1]]}`, /^events\[0\] is larger than 1 MB/],
    [`{"events":[${megabytes('[],')}1]}`, /lists of more than 10000 items/],
    [`{${megabytes('"a":[],')}"a":1}`, /too many lists/],
    [`{"events":[${megabytes(' ')}]}`, /^events\[0\] is larger than 1 MB/],
    [`${megabytes(' ')}{}`, /^body must be an object/],
  ]
  for (const [text, message] of refused) await assert.rejects(parsed(text), { message })
})

test('other work runs while a large body is parsed, and bodies are parsed one after the other', async () => {
  const item = JSON.stringify(
    Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`k${n}`, n])),
  )
  const text = `{"events":[${Array.from({ length: 200 }, () => item).join(',')}]}`
  const order: string[] = []
  const bodies = ['one', 'two'].map((name) => parsed(text).then(() => order.push(name)))
  let turns = 0
  const count = () => {
    turns += 1
    if (order.length < 2) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(bodies)
  assert.deepEqual(order, ['one', 'two'])
  assert.ok(turns > 4, `${turns} turns`)
})
