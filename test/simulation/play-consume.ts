import assert from 'node:assert/strict'
import type { Operations } from '../../src/api.gen.ts'
import { instantToWire } from '../../src/kernel/clock.ts'
import { quantityToWire } from '../../src/kernel/quantity.ts'
import { type ConsumeInput, type Consumption, consume } from './model/consume.ts'
import { commit, extend, release, reserve, statusOf } from './model/reserve.ts'
import type { Outcome, Reservation } from './model/state.ts'
import type { Move, UseMove } from './moves.ts'
import { KEPT_MS, keyAt, send, wireInstant } from './play-usage.ts'
import { expect, type Held, now, type Scene } from './scene.ts'
import { assertCheck } from './wire.ts'

type Of<Kind extends Move['kind']> = Extract<Move, { kind: Kind }>
type ReservationBody = Operations['v1.customers.reservations.retrieve']['response']['data']

function inputOf(scene: Scene, use: UseMove): ConsumeInput {
  const { customerId, featureId, amount, key, sinceMs, dimensions } = use
  return {
    ...{ customerId, featureId, amount, idempotencyKey: keyAt(scene, key, KEPT_MS) },
    ...(sinceMs !== null && { timestamp: now(scene) + sinceMs }),
    ...(dimensions !== null && { dimensions }),
  }
}

const requestOf = ({ customerId, timestamp, ...body }: ConsumeInput, more: object) => ({
  params: { id: customerId },
  body: { ...body, ...more, timestamp: wireInstant(timestamp) },
})

type ConsumeAnswer = Parameters<typeof assertCheck>[1] & { recorded: boolean; replayed: boolean }

function assertConsumption(
  { decision, isRepeated, after }: Consumption,
  body: ConsumeAnswer,
): void {
  assert.deepEqual([body.recorded, body.replayed], [decision.recorded, isRepeated])
  assertCheck({ ...after, isGranted: decision.isGranted, reason: decision.reason }, body)
}

export async function playConsume(scene: Scene, move: Of<'consume'>) {
  const mode = move.isForced ? 'record' : 'enforce'
  const input: ConsumeInput = { ...inputOf(scene, move), mode }
  const request = requestOf(input, { mode })
  await send(scene, KEPT_MS, () =>
    expect(
      scene,
      { id: 'v1.customers.consume', request, outcome: consume(scene.state, input, now(scene)) },
      (predicted, { data }) => assertConsumption(predicted, data),
    ),
  )
}

export async function playReserve(scene: Scene, move: Of<'reserve'>) {
  const { ttlSeconds } = move
  const ttl = ttlSeconds === null ? {} : { ttlSeconds }
  const input = { ...inputOf(scene, move), ...ttl }
  const { customerId } = input
  const request = requestOf(input, {})
  await send(scene, KEPT_MS, () =>
    expect(
      scene,
      {
        id: 'v1.customers.reservations.create',
        request,
        outcome: reserve(scene.state, input, now(scene)),
      },
      ({ reservation, ...predicted }, { data }) => {
        assertConsumption(predicted, data)
        assert.equal(data.reservation === null, reservation === null)
        if (data.reservation === null || reservation === null) return
        assertReservation(scene, reservation, data.reservation)
        const known = scene.reservations.find((held) => held.reservation === reservation)
        if (known !== undefined) assert.equal(data.reservation.id, known.id)
        else scene.reservations.push({ customerId, id: data.reservation.id, reservation })
      },
    ),
  )
}

function assertReservation(scene: Scene, predicted: Reservation, body: ReservationBody): void {
  const { featureId, status, amount, committedAmount, timestamp, expiresAt } = body
  const { at, committedAmount: committed } = predicted
  assert.deepEqual(
    { featureId, status, amount, committedAmount, timestamp, expiresAt },
    {
      featureId: predicted.featureId,
      status: statusOf(predicted, now(scene)),
      amount: quantityToWire(predicted.amount),
      committedAmount: committed === null ? null : quantityToWire(committed),
      timestamp: instantToWire(at),
      expiresAt: instantToWire(predicted.expiresAt),
    },
  )
}

/** Returns one of the reservations so far, or null if there are none. */
const nth = (scene: Scene, which: number): Held | null => {
  const stored = scene.reservations.filter(({ reservation }) => !mayBePurged(scene, reservation))
  return stored[which % Math.max(1, stored.length)] ?? null
}

/** Returns whether due work may have purged a reservation by now. */
const mayBePurged = (scene: Scene, { status, at, expiresAt }: Reservation): boolean =>
  (status !== 'open' || expiresAt <= now(scene)) && at <= now(scene) - KEPT_MS

const paramsOf = ({ customerId, id }: Held) => ({ id: customerId, reservationId: id })

export async function playCommit(scene: Scene, move: Of<'commit'>) {
  const held = nth(scene, move.which)
  if (held === null) return
  const amount = quantityToWire(held.reservation.amount) * move.share
  const overage = move.overage === null ? {} : { overage: move.overage }
  await expect(
    scene,
    {
      id: 'v1.customers.reservations.commit',
      request: { params: paramsOf(held), body: { amount, ...overage } },
      outcome: commit(scene.state, { ...held, amount, ...overage }, now(scene)),
    },
    ({ reservation, ...predicted }, { data }) => {
      assertConsumption(predicted, data)
      assertReservation(scene, reservation, data.reservation)
    },
  )
}

export async function playExtend(scene: Scene, { which, ttlSeconds }: Of<'extend'>) {
  const held = nth(scene, which)
  if (held === null) return
  const outcome = extend(scene.state, { ...held, ttlSeconds }, now(scene))
  await expectReservation(scene, { operation: 'extend', held, body: { ttlSeconds }, outcome })
}

export async function playRelease(scene: Scene, { which }: Of<'release'>) {
  const held = nth(scene, which)
  if (held === null) return
  const outcome = release(scene.state, held, now(scene))
  await expectReservation(scene, { operation: 'release', held, outcome })
}

export async function playLook(scene: Scene, { which }: Of<'look'>) {
  const held = nth(scene, which)
  if (held === null) return
  const outcome = { done: held.reservation }
  await expectReservation(scene, { operation: 'retrieve', held, outcome })
}

type ReservationCall = {
  operation: 'extend' | 'release' | 'retrieve'
  held: Held
  body?: object
  outcome: Outcome<Reservation>
}

async function expectReservation(
  scene: Scene,
  { operation, held, body, outcome }: ReservationCall,
) {
  const id = `v1.customers.reservations.${operation}` as const
  const request = { params: paramsOf(held), ...(body && { body }) }
  await expect(scene, { id, request, outcome }, (predicted, { data }) =>
    assertReservation(scene, predicted, data),
  )
}
