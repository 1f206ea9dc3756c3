import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonInSlices } from './json-in-slices.ts'

test('JSON in slices is the same text as JSON at once', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.object({ withNullPrototype: false, values: [fc.jsonValue(), fc.constant(undefined)] }),
    fc.record({
      data: fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      pagination: fc.record({ next: fc.option(fc.string()) }),
    }),
    fc.record({ data: fc.record({ series: fc.array(fc.record({ points: fc.array(fc.nat()) })) }) }),
  )
  await fc.assert(
    fc.asyncProperty(value, async (answer) => {
      assert.equal(await jsonInSlices(answer), JSON.stringify(answer))
    }),
  )
})

test('other work runs while a large answer is serialized', async () => {
  const data = Array.from({ length: 200 }, () => ({ text: 'x'.repeat(100_000) }))
  let served = 0
  const serve = () => {
    served += 1
    turn = setImmediate(serve)
  }
  let turn = setImmediate(serve)
  await jsonInSlices({ data })
  clearImmediate(turn)
  assert.ok(served > 1, `${served} turns`)
})
