import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY_MS, lineOf, subscriptionFrom } from '../../test/support/subscription-line.ts'
import { cancelFutureUpdates } from './cancel-future-updates.ts'
import type { FutureUpdate } from './types.ts'

const AT = Date.UTC(2026, 3, 1)
const update = (status: FutureUpdate['status']): FutureUpdate => ({
  status,
  at: AT + DAY_MS,
  change: { type: 'MIGRATE_TO_LATEST' },
})
const cancellation = { at: AT + DAY_MS, successor: null }
const updates = [update('DONE'), update('SCHEDULED'), update('PENDING_PAYMENT')]

/** The kind, what remains of the updates, and whether the cancellation remains. */
const rows = [
  ['SCHEDULED', ['DONE', 'CANCELED', 'PENDING_PAYMENT'], false],
  ['PENDING_PAYMENT', ['DONE', 'SCHEDULED', 'CANCELED'], true],
] as const
for (const [kind, expected, isCanceled] of rows)
  test(`updates that are ${kind} are canceled, once`, () => {
    const line = lineOf(AT, subscriptionFrom(AT, { updates, cancellation }))
    const { line: after } = cancelFutureUpdates(line, 'sub', { kind, at: AT })
    const [sub] = after.subscriptions
    assert.deepEqual(
      sub?.updates.map(({ status }) => status),
      expected,
    )
    assert.equal(sub?.cancellation !== null, isCanceled)
    assert.throws(() => cancelFutureUpdates(after, 'sub', { kind, at: AT }), {
      code: 'FutureUpdateNotFound',
    })
  })

test('a scheduled cancellation alone can be canceled, unless it has taken effect', () => {
  const scheduled = lineOf(AT, subscriptionFrom(AT, { cancellation }))
  const { line } = cancelFutureUpdates(scheduled, 'sub', { kind: 'SCHEDULED', at: AT })
  assert.equal(line.subscriptions[0]?.cancellation, null)
  const over = lineOf(AT, subscriptionFrom(AT, { cancellation, status: 'CANCELED', closedAt: AT }))
  assert.throws(() => cancelFutureUpdates(over, 'sub', { kind: 'SCHEDULED', at: AT }), {
    code: 'FutureUpdateNotFound',
  })
})
