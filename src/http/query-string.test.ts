import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../kernel/errors.ts'
import type { Operation, Parameter } from './api-document.ts'
import { parseQueryString, queryShapesOf, shapeQuery } from './query-string.ts'

const parameter = (name: string, schema: Parameter['schema']): Parameter => ({
  name,
  in: 'query',
  schema,
})
const operation: Operation = {
  id: 'x',
  primaryId: 'v1.customers.list',
  method: 'GET',
  path: '/x',
  permission: 'x:read',
  defaultsEnvironment: false,
  maxBytes: null,
  isHeavy: false,
  hasEtag: false,
  takesIfMatch: false,
  serializedBy: null,
  secrets: [],
  bodySchema: null,
  successStatus: 200,
  otherwiseStatus: null,
  responseSchema: {},
  hasCsv: false,
  parameters: [
    parameter('limit', { type: 'integer' }),
    parameter('name', { type: 'string' }),
    parameter('createdAt', { type: 'object', properties: {} }),
    parameter('dimensions', { type: 'object', additionalProperties: { type: 'string' } }),
    parameter('vendors', { type: 'array', items: { type: 'string', enum: ['A', 'B', 'A,B'] } }),
    parameter('ids', { type: 'array', items: { type: 'string' } }),
  ],
}
const shapes = queryShapesOf(operation)
const shaped = (text: string) => shapeQuery(shapes, parseQueryString(text))

const TABLE: [text: string, expected: object][] = [
  ['', {}],
  ['&&', {}],
  ['limit=20', { limit: 20 }],
  ['limit=-1', { limit: -1 }],
  ['limit=1.5', { limit: '1.5' }],
  ['limit=1e2', { limit: '1e2' }],
  ['limit=', { limit: '' }],
  ['limit=9007199254740993', { limit: '9007199254740993' }],
  ['name=a%20b+c', { name: 'a b c' }],
  ['name=a,b', { name: 'a,b' }],
  ['name=a=b', { name: 'a=b' }],
  ['ids=a,b', { ids: ['a', 'b'] }],
  ['ids=a&ids=b', { ids: ['a', 'b'] }],
  ['ids[]=a&ids[]=b,c', { ids: ['a', 'b', 'c'] }],
  ['ids%5B%5D=a', { ids: ['a'] }],
  ['vendors=A,B', { vendors: ['A,B'] }],
  ['vendors=B,A', { vendors: ['B', 'A'] }],
  ['createdAt[gte]=x&createdAt[lt]=y', { createdAt: { gte: 'x', lt: 'y' } }],
  ['createdAt%5Bgte%5D=x', { createdAt: { gte: 'x' } }],
  ['dimensions[a,b]=c,d', { dimensions: { 'a,b': 'c,d' } }],
  ['unheardOf=1', { unheardOf: '1' }],
  ['name[x]=1', { 'name[x]': '1' }],
  ['ids[0]=1', { 'ids[0]': '1' }],
]
for (const [text, expected] of TABLE)
  test(`the query "${text}" is parsed into the parameters of the operation`, () => {
    assert.deepEqual(shaped(text), expected)
  })

for (const text of [
  'createdAt=x&createdAt[gte]=y',
  'createdAt[gte]=y&createdAt=x',
  'limit=1&limit=2',
  'createdAt[gte]=1&createdAt[gte]=2',
  'name=%ff',
  'name=%',
])
  test(`the query "${text}" is refused`, () => {
    assert.throws(() => shaped(text), ApiError)
  })

test('a dimension named __proto__ is an ordinary key and changes no prototype', () => {
  const { dimensions } = shaped('dimensions[__proto__]=x') as { dimensions: object }
  assert.deepEqual(Object.entries(dimensions), [['__proto__', 'x']])
  assert.equal(Object.getPrototypeOf({}), Object.prototype)
})

test('a text parameter decodes to what the client encoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      assert.deepEqual(shaped(`name=${encodeURIComponent(name)}`), { name })
      assert.deepEqual(shaped(new URLSearchParams({ name }).toString()), { name })
    }),
  )
})

test('any query gives parameters or a 400', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        shaped(text)
      } catch (error) {
        assert.ok(error instanceof ApiError && error.status === 400, String(error))
      }
    }),
  )
})
