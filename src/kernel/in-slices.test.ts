import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapInSlices, nextSlice } from './in-slices.ts'

test('of many long works one goes on each time that others were served', async () => {
  const order: string[] = []
  let turn = setImmediate(function serve() {
    order.push('others')
    turn = setImmediate(serve)
  })
  const work = async (name: string) => {
    for (let slice = 0; slice < 3; slice += 1) {
      await nextSlice()
      order.push(name)
    }
  }
  await Promise.all(['a', 'b', 'c'].map(work))
  clearImmediate(turn)
  const slices = order.filter((name) => name !== 'others')
  assert.equal(slices.join(''), 'abcabcabc', 'each in its turn')
  const pairs = order.slice(1).map((name, index) => [order[index], name])
  assert.ok(
    pairs.every((pair) => pair.includes('others')),
    `two slices one after the other: ${order.join(' ')}`,
  )
})

test('a work that waits alone goes on again and again', async () => {
  for (let slice = 0; slice < 3; slice += 1) await nextSlice()
  assert.deepEqual(await mapInSlices([1, 2, 3], (item, index) => item * index), [0, 2, 6])
})
