import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapInSlices, nextSlice } from './in-slices.ts'

/** Runs three long computations of three slices each while `serve` runs in each turn. */
async function runBeside(serve: () => void): Promise<string[]> {
  const order: string[] = []
  let turn = setImmediate(function serveOthers() {
    order.push('others')
    serve()
    turn = setImmediate(serveOthers)
  })
  const compute = async (name: string) => {
    for (let slice = 0; slice < 3; slice += 1) {
      await nextSlice()
      order.push(name)
    }
  }
  await Promise.all(['a', 'b', 'c'].map(compute))
  clearImmediate(turn)
  return order
}

test('long computations take turns, one slice after each turn of other work', async () => {
  const order = await runBeside(() => {})
  const slices = order.filter((name) => name !== 'others')
  assert.equal(slices.join(''), 'abcabcabc', 'each in its turn')
  const pairs = order.slice(1).map((name, index) => [order[index], name])
  assert.ok(
    pairs.every((pair) => pair.includes('others')),
    `two slices one after the other: ${order.join(' ')}`,
  )
})

test('while other work needs whole turns, long computations continue only now and then', async () => {
  const order = await runBeside(() => {
    const end = performance.now() + 2
    while (performance.now() < end);
  })
  const others = order.filter((name) => name === 'others').length
  assert.equal(order.length - others, 9, 'they continue all the same')
  assert.ok(others > 2 * 9, `a slice nearly each turn: ${order.join(' ')}`)
})

test('a computation without others continues through many slices', async () => {
  for (let slice = 0; slice < 3; slice += 1) await nextSlice()
  assert.deepEqual(await mapInSlices([1, 2, 3], (item, index) => item * index), [0, 2, 6])
})
