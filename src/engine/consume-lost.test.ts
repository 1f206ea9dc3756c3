import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ANN, FEATURE, openAgency, params } from '../../test/support/agency.ts'
import { type Cut, openProxied } from '../../test/support/cutting-proxy.ts'
import { openWorld } from '../../test/support/world.ts'
import { ApiError } from '../kernel/errors.ts'
import { systemOrigin } from '../kernel/origin.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import { entitlements } from '../sources.ts'
import { createUsageWriter } from './batch/writer.ts'
import type { ConsumeMode, ConsumptionInput, ReservationStepInput } from './types.ts'

const world = await openWorld()
const { proxied, proxy } = await openProxied(world.clock)
const origin = systemOrigin('test')

const useOf = (idempotencyKey: string, amount: number, purpose: ConsumeMode): ConsumptionInput => ({
  customerId: params.id,
  resourceId: null,
  featureId: FEATURE,
  amount: wholeUnits(amount),
  idempotencyKey,
  purpose,
  beyond: null,
  statedAt: null,
  dimensions: ANN,
  dimensionsText: JSON.stringify(ANN),
  asksBudgets: true,
})
const ENFORCE: ConsumeMode = { kind: 'enforce' }
const HOLD: ConsumeMode = { kind: 'hold', ttlSeconds: 60 }

async function open() {
  const agency = await openAgency(world, { limits: { ann: 10 } })
  const { scope } = agency.tenant
  const writer = createUsageWriter(proxied, entitlements)
  const settle = (key: string, step: ReservationStepInput['step']) =>
    writer.settle(scope, { customerId: params.id, key, step }, origin)
  const use = (key: string, amount: number, purpose: ConsumeMode) =>
    writer.use(scope, useOf(key, amount, purpose), origin)
  return { ...agency, use, settle }
}

const CUTS: [Cut, number][] = [
  ['before', 1],
  ['after', 1],
  ['before', 3],
]
for (const [cut, count] of CUTS) {
  /** Does work whose COMMIT is lost. */
  const losing = async <T>(work: () => Promise<T>): Promise<T> => {
    proxy.cutNext(cut, count)
    try {
      return await work()
    } finally {
      proxy.forgive()
    }
  }

  test(`what is consumed when the COMMIT is lost ${cut} it happened (${count}) counts once`, async () => {
    const { use, check } = await open()
    await use('warm', 1, ENFORCE)
    const used = await losing(() => use('mine', 6, ENFORCE))
    assert.deepEqual([used.isGranted, used.recorded], [true, true])
    assert.equal((await use('mine', 6, ENFORCE)).recorded, true)
    assert.equal((await check(0)).currentUsage, 7)
    const denied = await losing(() => use('theirs', 4, ENFORCE))
    assert.equal(denied.accessDeniedReason, 'BudgetExceeded')
    assert.equal((await check(3, ANN)).isGranted, true)
    assert.equal((await check(4, ANN)).isGranted, false)
  })

  test(`what is held and settled when the COMMIT is lost ${cut} it happened (${count}) is so once`, async () => {
    const { use, settle, check, retrieve } = await open()
    await use('warm', 1, ENFORCE)
    const { reservation } = await losing(() => use('mine', 6, HOLD))
    assert.ok(reservation)
    const { key } = reservation
    assert.equal((await use('mine', 6, HOLD)).reservation?.key, key)
    assert.equal((await check(3, ANN)).isGranted, true)
    assert.equal((await check(4, ANN)).isGranted, false)
    await losing(() => settle(key, { kind: 'extend', ttlSeconds: 600 }))
    assert.equal((await retrieve(key)).status, 'open')
    await losing(() => settle(key, { kind: 'release' }))
    assert.equal((await retrieve(key)).status, 'released')
    assert.equal((await check(9, ANN)).isGranted, true)
    const { reservation: other } = await use('other', 6, HOLD)
    const commit = { amount: wholeUnits(2), overage: 'reject' } as const
    await losing(() => settle(other?.key ?? '', { kind: 'commit', commit }))
    assert.equal((await check(0)).currentUsage, 3)
    assert.equal((await check(7, ANN)).isGranted, true)
    assert.equal((await check(8, ANN)).isGranted, false)
  })
}

test('what cannot be found out is 503, and the same key then is decided once', async () => {
  const { use, check } = await open()
  await use('warm', 1, ENFORCE)
  proxy.cutNext('after', 1000)
  await assert.rejects(
    use('mine', 6, ENFORCE),
    (error) => error instanceof ApiError && error.status === 503,
  )
  proxy.forgive()
  assert.equal((await use('mine', 6, ENFORCE)).isGranted, true)
  assert.equal((await check(0)).currentUsage, 7)
})
