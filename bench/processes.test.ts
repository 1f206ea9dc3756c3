import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spentMs } from './processes.ts'

test('a process that has come or gone has spent nothing that can be told', () => {
  const before = new Map([
    [1, 100],
    [2, 500],
  ])
  const after = new Map([
    [1, 130],
    [3, 900],
  ])
  assert.equal(spentMs(before, after), 30)
})
