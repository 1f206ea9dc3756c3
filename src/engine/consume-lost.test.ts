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
import { createEngineContext } from './cache/index.ts'
import type { ConsumeMode, ConsumptionInput, ReservationStepInput } from './types.ts'

const world = await openWorld()
const { proxied, proxy } = await openProxied(world.clock)
const origin = systemOrigin('test')

const inputOf = (idempotencyKey: string, amount: number, mode: ConsumeMode): ConsumptionInput => ({
  customerId: params.id,
  resourceId: null,
  featureId: FEATURE,
  amount: wholeUnits(amount),
  idempotencyKey,
  mode,
  tooDistant: null,
  timestamp: null,
  dimensions: ANN,
  dimensionsText: JSON.stringify(ANN),
  hasDimensions: true,
})
const ENFORCE: ConsumeMode = { kind: 'enforce' }
const HOLD: ConsumeMode = { kind: 'hold', ttlSeconds: 60 }

async function open() {
  const agency = await openAgency(world, { limits: { ann: 10 } })
  const { scope } = agency.tenant
  const writer = createUsageWriter(proxied, createEngineContext(entitlements))
  const changeReservation = (key: string, step: ReservationStepInput['step']) =>
    writer.changeReservation({ scope, origin }, { customerId: params.id, key, step })
  const consume = (key: string, amount: number, mode: ConsumeMode) =>
    writer.consume({ scope, origin }, inputOf(key, amount, mode))
  return { ...agency, consume, changeReservation }
}

const CUTS: [Cut, number][] = [
  ['before', 1],
  ['after', 1],
  ['before', 3],
]
for (const [cut, count] of CUTS) {
  /** Runs work, and loses the COMMIT or its response. */
  const losing = async <T>(work: () => Promise<T>): Promise<T> => {
    proxy.cutNext(cut, count)
    try {
      return await work()
    } finally {
      proxy.forgive()
    }
  }

  test(`a consumption counts once if the connection breaks ${cut} COMMIT (${count} times)`, async () => {
    const { consume, check } = await open()
    await consume('warm', 1, ENFORCE)
    const used = await losing(() => consume('mine', 6, ENFORCE))
    assert.deepEqual([used.isGranted, used.recorded], [true, true])
    assert.equal((await consume('mine', 6, ENFORCE)).recorded, true)
    assert.equal((await check(0)).currentUsage, 7)
    const denied = await losing(() => consume('theirs', 4, ENFORCE))
    assert.equal(denied.accessDeniedReason, 'BudgetExceeded')
    assert.equal((await check(3, ANN)).isGranted, true)
    assert.equal((await check(4, ANN)).isGranted, false)
  })

  test(`a reservation changes once if the connection breaks ${cut} COMMIT (${count} times)`, async () => {
    const { consume, changeReservation, check, retrieve } = await open()
    await consume('warm', 1, ENFORCE)
    const { reservation } = await losing(() => consume('mine', 6, HOLD))
    assert.ok(reservation)
    const { key } = reservation
    assert.equal((await consume('mine', 6, HOLD)).reservation?.key, key)
    assert.equal((await check(3, ANN)).isGranted, true)
    assert.equal((await check(4, ANN)).isGranted, false)
    await losing(() => changeReservation(key, { kind: 'extend', ttlSeconds: 600 }))
    assert.equal((await retrieve(key)).status, 'open')
    await losing(() => changeReservation(key, { kind: 'release' }))
    assert.equal((await retrieve(key)).status, 'released')
    assert.equal((await check(9, ANN)).isGranted, true)
    const { reservation: other } = await consume('other', 6, HOLD)
    const commit = { amount: wholeUnits(2), overage: 'reject' } as const
    await losing(() => changeReservation(other?.key ?? '', { kind: 'commit', commit }))
    assert.equal((await check(0)).currentUsage, 3)
    assert.equal((await check(7, ANN)).isGranted, true)
    assert.equal((await check(8, ANN)).isGranted, false)
  })
}

test('a write that arrives when the outcome was already looked up changes nothing', async () => {
  const { consume, check } = await open()
  await consume('warm', 1, ENFORCE)
  proxy.cutNext('late')
  assert.equal((await consume('mine', 6, ENFORCE)).isGranted, true)
  await proxy.deliver()
  assert.equal((await check(0)).currentUsage, 7)
  assert.equal((await consume('mine', 6, ENFORCE)).isGranted, true)
  assert.equal((await consume('theirs', 4, ENFORCE)).isGranted, false)
  assert.equal((await check(0)).currentUsage, 7)
})

test('an unknown outcome of COMMIT is 503, and the same key is then decided once', async () => {
  const { consume, check } = await open()
  await consume('warm', 1, ENFORCE)
  proxy.cutNext('after', 1000)
  await assert.rejects(
    consume('mine', 6, ENFORCE),
    (error) => error instanceof ApiError && error.status === 503,
  )
  proxy.forgive()
  assert.equal((await consume('mine', 6, ENFORCE)).isGranted, true)
  assert.equal((await check(0)).currentUsage, 7)
})
