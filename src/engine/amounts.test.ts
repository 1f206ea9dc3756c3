import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { verdict } from '../../test/support/decisions.ts'
import { openWorld } from '../../test/support/world.ts'
import { required } from '../kernel/assert.ts'

const world = await openWorld()

/** 0.30000000000000004, and 0.00019549999999999998. */
const SUM = 0.1 + 0.2
const COST = 391 * 5e-7

test('computed doubles are consumed, held and committed as the decimals that they approximate', async () => {
  const { consume, held, commit, check } = await openAgency(world, { usageLimit: 2 })
  assert.equal((await consume(SUM)).currentUsage, 0.3)
  assert.equal((await consume(COST)).currentUsage, 0.3001955)
  const reservation = await held(SUM)
  assert.equal(reservation.amount, 0.3)
  const { reservation: after } = await commit(reservation.id, { amount: 0.1 + 0.7 - 0.6 })
  assert.equal(after.committedAmount, 0.2)
  assert.equal((await check(0)).currentUsage, 0.5001955)
})

test('the rounded decimal of an amount decides whether it is within the limit', async () => {
  const { consume } = await openAgency(world, { usageLimit: 1 })
  for (const amount of [SUM, 0.7]) assert.equal(verdict(await consume(amount)), 'granted recorded')
})

test('a request with the same key and the same rounded amount is a repetition', async () => {
  const { tenant, consume, reserve, held, commit } = await openAgency(world)
  const mine = { idempotencyKey: 'mine' }
  await consume(SUM, {}, mine)
  assert.equal((await consume(0.3, {}, mine)).currentUsage, 0.3)
  await reserve(0.3, {}, mine)
  const again = required((await reserve(SUM, {}, mine)).reservation, 'what is held')
  assert.equal(again.amount, 0.3)
  const body = { featureId: FEATURE, amount: 0.3000000001, dimensions: {}, ...mine }
  await tenant.refused(
    'v1.customers.consume',
    { params, body },
    {
      status: 400,
      code: 'InvalidArgumentError',
      message: /idempotencyKey/,
    },
  )
  const { id } = await held(5)
  await commit(id, { amount: SUM })
  assert.equal((await commit(id, { amount: 0.3 })).reservation.committedAmount, 0.3)
})

test('an amount is refused only if it is too large or rounds to 0', async () => {
  const { tenant, held, commit } = await openAgency(world)
  const { id } = await held(1)
  const settled = { ...params, reservationId: id }
  const refusals = [
    [1e20, /amount must have at most 20 digits before the point/],
    [4e-11, /amount must not be 0 after rounding to 10 decimals/],
  ] as const
  for (const [amount, message] of refusals) {
    const refusal = { status: 400, code: 'BadUserInput', message } as const
    const body = { featureId: FEATURE, amount, idempotencyKey: 'k' }
    await tenant.refused('v1.customers.consume', { params, body }, refusal)
    await tenant.refused('v1.customers.reservations.create', { params, body }, refusal)
  }
  await tenant.refused(
    'v1.customers.reservations.commit',
    { params: settled, body: { amount: 1e20 } },
    { status: 400, code: 'BadUserInput', message: /amount must have at most 20 digits/ },
  )
  assert.equal((await commit(id, { amount: 4e-11 })).reservation.committedAmount, 0)
})
