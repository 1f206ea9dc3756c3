import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canceled, counted, finished, progressed, progressOf } from './change-task.ts'
import type { Task } from './types.ts'

const AT = Date.UTC(2026, 4, 18)
const task: Task = {
  ...{ key: 'task', type: 'SUBSCRIPTION_MIGRATION', subject: 'plan', input: {} },
  ...{ status: 'PENDING', reached: null, total: 0, done: 0, failed: 0, errors: [] },
  ...{ createdAt: AT, updatedAt: AT, finishedAt: null },
}
const error = (index: number) => ({ index, id: `${index}`, message: 'no', code: null })

test('items are counted page by page, and then done from the beginning', () => {
  const first = counted(task, { items: ['a', 'b'], next: 'c' }, AT)
  assert.deepEqual([first.status, first.total, first.reached], ['PENDING', 2, 'c'])
  const last = counted(first, { items: ['d'], next: null }, AT)
  assert.deepEqual([last.status, last.total, last.reached], ['IN_PROGRESS', 3, null])
})

const ends = [
  [3, 3, 0, 'COMPLETED'],
  [0, 0, 0, 'COMPLETED'],
  [3, 0, 3, 'FAILED'],
  [3, 2, 1, 'PARTIALLY_FAILED'],
] as const
for (const [total, done, failed, status] of ends)
  test(`of ${total} items, ${done} done and ${failed} failed: ${status}`, () => {
    assert.equal(finished({ ...task, total, done, failed }, AT).status, status)
  })

test('what a step that was interrupted has done is counted at the end', () => {
  const { done, status } = finished({ ...task, total: 5, done: 2, failed: 1 }, AT)
  assert.deepEqual([done, status], [4, 'PARTIALLY_FAILED'])
})

test('a task that has finished is not canceled', () => {
  const ended = finished(task, AT)
  assert.equal(canceled(ended, AT + 1), ended)
  assert.deepEqual(canceled(task, AT + 1), {
    ...task,
    ...{ status: 'CANCELED', updatedAt: AT + 1, finishedAt: AT + 1 },
  })
})

test('at most 100 errors are kept, and all are counted', () => {
  const errors = Array.from({ length: 60 }, (_, index) => error(index))
  const step = { reached: 'z', items: 100, errors }
  const after = progressed(progressed(task, step, AT), step, AT)
  assert.deepEqual([after.done, after.failed, after.errors.length], [80, 120, 100])
})

test('progress is 100 at the end and not before', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (total, done, failed) => {
      const running: Task = { ...task, status: 'IN_PROGRESS', total, done, failed }
      const progress = progressOf(running)
      assert.ok(Number.isInteger(progress) && progress >= 0 && progress < 100)
      assert.equal(progressOf(finished(running, AT)), 100)
      assert.equal(progressOf(canceled(running, AT)), progress)
    }),
  )
})
