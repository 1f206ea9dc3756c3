import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from '../../test/support/api-document.ts'
import { NAMED_WRITES } from '../../test/support/named-writes.ts'
import { isAnswerKnown } from './answer-of-changes.ts'

test('the changes of a write determine its response, except for writes with keys or a reservation', async () => {
  const untold = contract.operations
    .filter(({ method, primaryId }) => method !== 'GET' && !isAnswerKnown(primaryId))
    .map(({ primaryId }) => primaryId)
  assert.deepEqual(new Set(untold), NAMED_WRITES)
})
