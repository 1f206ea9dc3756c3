import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RESERVED_ID } from './types.ts'
import { callWith, firstWhole, pathWith, requestsOfOne, reservedIn } from './wholes.ts'

const reserve = { path: '/reservations' }
const commit = { path: `/reservations/${RESERVED_ID}/commit` }

test('what goes on with an answer is counted with what was answered', () => {
  assert.deepEqual(firstWhole([reserve, commit, reserve, commit]), [reserve, commit])
  assert.deepEqual(firstWhole([reserve, reserve]), [reserve])
  assert.deepEqual(firstWhole([reserve]), [reserve])
  assert.equal(requestsOfOne([[reserve, commit, reserve, commit]]), 2)
  assert.equal(requestsOfOne([[reserve, reserve]]), 1)
  assert.equal(requestsOfOne([]), 1)
})

test('a path names the reservation of the answer before it', () => {
  const reserved = reservedIn({ data: { isGranted: true, reservation: { id: 'one' } } })
  assert.equal(pathWith(commit.path, reserved), '/reservations/one/commit')
  assert.equal(pathWith(reserve.path, null), reserve.path)
  assert.throws(() => pathWith(commit.path, reservedIn({ data: { reservation: null } })))
  assert.equal(reservedIn(undefined), null)
  const call = {
    operation: 'v1.customers.reservations.commit' as const,
    params: { id: 'acme', reservationId: RESERVED_ID },
  }
  assert.deepEqual(callWith(call, 'one').params, { id: 'acme', reservationId: 'one' })
})
