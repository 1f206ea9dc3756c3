import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, inBody, inHeader, inPath, inQuery } from './field.ts'

const CASES: readonly [Field, pointer: string, text: string][] = [
  [inBody(), '', ''],
  [inBody('name'), 'name', 'name'],
  [
    inBody('entityEntitlements', 3, 'usageLimit'),
    'entityEntitlements/3/usageLimit',
    'entityEntitlements[3].usageLimit',
  ],
  [inBody('metadata', 'a/b~c'), 'metadata/a~1b~0c', 'metadata.a/b~c'],
  [inBody('entities', 0).of('ann'), 'entities/0', 'entities[0] (ann)'],
  [inBody('entities', 0).of('ann').at('id'), 'entities/0/id', 'entities[0] (ann): id'],
  [inBody().of('api-calls').at('period'), 'period', 'api-calls: period'],
  [inPath('id'), 'path:id', 'id'],
  [inQuery('createdAt').at('gte'), 'query:createdAt/gte', 'createdAt.gte'],
  [inHeader('Idempotency-Key'), 'header:Idempotency-Key', 'Idempotency-Key'],
]

for (const [field, pointer, text] of CASES)
  test(`the pointer '${pointer}' is '${text}' in a message`, () => {
    assert.deepEqual([field.pointer, String(field)], [pointer, text])
  })

test('a name of any length leaves a pointer short', () => {
  const long = 'a'.repeat(70_000)
  assert.equal(inBody('metadata', long).pointer, 'metadata')
  assert.equal(inBody('metadata', 'a'.repeat(255)).pointer, `metadata/${'a'.repeat(255)}`)
  assert.ok(inQuery(long).pointer.length <= 1000)
})
