import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_EVENTS, readOptions, SUBSCRIPTIONS, UsageError } from './options.ts'

const read = (...argv: string[]) => readOptions(argv, ['consume'])

test('a half is shorter where sizes are measured', () => {
  assert.deepEqual(read(), {
    only: null,
    pairs: 7,
    seconds: 1.5,
    size: false,
    against: [],
    soak: null,
    events: MAX_EVENTS,
    subscriptions: SUBSCRIPTIONS,
  })
  assert.equal(read('--subscriptions', '100000').subscriptions, 100_000)
  assert.equal(read('--size').seconds, 0.5)
  assert.equal(read('--size', '--seconds', '2').seconds, 2)
  assert.equal(read('--size', '--events', '200000').events, 200_000)
})

test('what contradicts itself or is out of range is refused', () => {
  for (const argv of [
    ['--only', 'nothing'],
    ['--size', '--only', 'consume'],
    ['--size', '--against', 'HEAD'],
    ['--events', '200000'],
    ['--size', '--events', '10'],
    ['--size', '--events', '200000.5'],
    ['--subscriptions', '10'],
    ['--soak', 'long'],
    ['--pairs', '0'],
    ['--pairs', 'many'],
    ['--unknown'],
  ])
    assert.throws(() => read(...argv), UsageError, argv.join(' '))
})
