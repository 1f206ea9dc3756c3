import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWindows, secondsUntilReset } from './rate-limit.ts'
import { countedAs } from './rate-limit-address.ts'

const MINUTE = 60_000

test('a window opens with its first call, allows its limit, and ends after a minute', () => {
  const windows = createWindows(10)
  const steps: [now: number, isAllowed: boolean, remaining: number, seconds: number][] = [
    [1000, true, 2, 60],
    [1000.5, true, 1, 60],
    [2000, true, 0, 59],
    [2000, false, 0, 59],
    [60_999.9, false, 0, 1],
    [61_000, true, 2, 60],
    [61_001, true, 1, 60],
    [200_000, true, 2, 60],
  ]
  for (const [now, isAllowed, remaining, seconds] of steps) {
    const standing = windows.take('a', 3, now)
    assert.deepEqual(
      [standing.isAllowed, standing.limit, standing.remaining, secondsUntilReset(standing)],
      [isAllowed, 3, remaining, seconds],
      `at ${now}`,
    )
  }
})

test('names are counted separately, and looking does not count', () => {
  const windows = createWindows(10)
  assert.equal(windows.take('a', 1, 0).isAllowed, true)
  for (const now of [0, 1]) {
    assert.equal(windows.look('a', 1, now).isAllowed, false)
    assert.equal(windows.look('b', 1, now).isAllowed, true)
  }
  assert.equal(windows.take('b', 1, 1).isAllowed, true)
  assert.equal(windows.look('a', 1, MINUTE).isAllowed, true)
  assert.equal(windows.size(), 2)
})

test('memory is bounded: windows that are over are dropped first, then the oldest', () => {
  const windows = createWindows(3)
  for (const [index, name] of ['a', 'b', 'c'].entries()) windows.take(name, 1, index)
  windows.take('d', 1, 10)
  assert.equal(windows.size(), 3)
  assert.equal(windows.look('a', 1, 10).isAllowed, true)
  for (const name of ['b', 'c', 'd']) assert.equal(windows.look(name, 1, 10).isAllowed, false)
  windows.take('e', 1, MINUTE + 5)
  assert.equal(windows.size(), 2)
  for (let index = 0; index < 1000; index += 1) windows.take(`x${index}`, 1, MINUTE + 6)
  assert.equal(windows.size(), 3)
})

test('a window that opens again becomes the newest', () => {
  const windows = createWindows(2)
  windows.take('a', 1, 0)
  windows.take('b', 1, 30_000)
  windows.take('a', 1, MINUTE)
  windows.take('c', 1, MINUTE + 1)
  assert.equal(windows.look('a', 1, MINUTE + 1).isAllowed, false)
  assert.equal(windows.look('b', 1, MINUTE + 1).isAllowed, true)
})

test('an address is counted by the part that its owner cannot change', () => {
  const cases: [ip: string | undefined, counted: string | null][] = [
    [undefined, null],
    ['', null],
    ['127.0.0.1', null],
    ['127.8.9.10', null],
    ['::1', null],
    ['0:0:0:0:0:0:0:1', null],
    ['::ffff:127.0.0.1', null],
    ['::ffff:7f00:1', null],
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['128.0.0.1', '128.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::2:3:4:5:6:7', '0:0:2:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['::1:2:3:4:192.0.2.7', '0:0:1:2::/64'],
    ['unknown', 'unknown'],
    ['_hidden', 'unknown'],
    ['192.0.2.7:4711', 'unknown'],
  ]
  for (const [ip, counted] of cases) assert.equal(countedAs(ip), counted, ip)
})
