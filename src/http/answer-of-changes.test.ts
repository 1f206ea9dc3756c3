import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from '../../test/support/api-document.ts'
import { isAnswerKnown } from './answer-of-changes.ts'

/** What is known by keys, or by the reservation that it is about, and announces nothing. */
const NAMED = [
  'v1.usage.report',
  'v1.events.report',
  'v1.customers.consume',
  'v1.customers.reservations.create',
  'v1.customers.reservations.commit',
  'v1.customers.reservations.extend',
  'v1.customers.reservations.release',
]

test('the changes of a write determine its response, except for writes with keys or a reservation', async () => {
  const untold = contract.operations
    .filter(({ method, primaryId }) => method !== 'GET' && !isAnswerKnown(primaryId))
    .map(({ primaryId }) => primaryId)
  assert.deepEqual(new Set(untold), new Set(NAMED))
})
