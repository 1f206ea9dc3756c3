import type {
  ConsumeRequestBody,
  Consumption,
  ReservationCreateRequestBody,
  Reservation as WireReservation,
} from '../../api.gen.ts'
import { chainNodeToWire } from '../../budgets/index.ts'
import type { DecisionKind, DecisionNotes } from '../../decisions/index.ts'
import { featureEntitlementToWire } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { type Instant, instantFromWire } from '../../kernel/clock.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import { pageRequest, pageToWire } from '../../kernel/page.ts'
import { amountFromWire, type Quantity } from '../../kernel/quantity.ts'
import type { Reservation } from '../../metering/index.ts'
import { type Call, type Handlers, Otherwise, Repeated } from '../../operation.ts'
import type { UsageWriter } from '../batch/index.ts'
import { type Cache, createCache, type EngineContext } from '../cache/index.ts'
import { check, readValidUntil, validUntil } from '../check/index.ts'
import { type DecisionAnswer, refuseDistant } from '../consume/index.ts'
import { requestOf } from '../participants/index.ts'
import {
  addIds,
  listReservations,
  reservationKey,
  retrieveReservation,
} from '../reservations/index.ts'
import type { ConsumeMode, ConsumptionInput, ReservationStepInput } from '../types.ts'
import { capabilityFromWire, dimensionsFromWire } from './check.ts'
import { checkToWire } from './check-wire.ts'
import { noteCheck, noteConsumption } from './note-decisions.ts'
import { recordDimensionsFromWire } from './records-wire.ts'
import { reservationToWire } from './reservation-wire.ts'

type Consumptions =
  | 'v1.customers.consume'
  | 'v1.customers.reservations.create'
  | 'v1.customers.reservations.commit'
  | 'v1.customers.reservations.extend'
  | 'v1.customers.reservations.release'
  | 'v1.customers.reservations.list'
  | 'v1.customers.reservations.retrieve'

/** Cached ids of features and resources. */
const IDS = 10_000
const DEFAULT_TTL_SECONDS = 60

type WriterOf = (call: Call) => UsageWriter
type Decider = { engine: EngineContext; notes: DecisionNotes }

/** The operations that consume, and those on reservations. */
export function consumptionHandlers(
  writerOf: WriterOf,
  { engine, notes }: Decider,
): Handlers<Consumptions> {
  const ids = createCache<string>(IDS)
  const changeReservation = reservationChanges(writerOf, ids)
  const consumed = async (input: ConsumptionInput, call: Call) => {
    const answer = await writerOf(call).consume(call, input)
    const until = await validUntilOf(call, answer)
    noteConsumption({ notes, call }, { input, answer, until })
    return { answer, until }
  }
  return {
    'v1.customers.consume': async ({ params, body }, call) => {
      const capability = capabilityFromWire(body, 'body')
      const now = call.app.clock.now()
      const kind = body.mode ?? 'enforce'
      if (capability.kind === 'currency') {
        if (kind === 'record')
          throw notFound(
            inBody('currencyId'),
            'FeatureNotFound',
            'body: usage of a currency cannot be recorded',
          )
        const of = { customerId: params.id, body, kind: 'CONSUME' as const }
        return { data: await checkCredits(call, { engine, notes }, of) }
      }
      const of = { customerId: params.id, featureId: capability.id, now }
      const input = consumptionFromWire(body, { ...of, mode: { kind } })
      const { answer, until } = await consumed(input, call)
      const data = decisionToWire(answer, until)
      return repeatedIf(data, { data })
    },
    'v1.customers.reservations.create': async ({ params, body }, call) => {
      const capability = capabilityFromWire(body, 'body')
      const now = call.app.clock.now()
      if (capability.kind === 'currency') {
        const of = { customerId: params.id, body, kind: 'RESERVE' as const }
        const denial = await checkCredits(call, { engine, notes }, of)
        return new Otherwise({ data: { ...denial, reservation: null } })
      }
      const of = { customerId: params.id, featureId: capability.id, now }
      const ttlSeconds = body.ttlSeconds ?? DEFAULT_TTL_SECONDS
      const input = consumptionFromWire(body, { ...of, mode: { kind: 'hold', ttlSeconds } })
      const { answer, until } = await consumed(input, call)
      const { reservation: made } = answer
      const reservation = made && (await withIds(call, { ...of, reservation: made, ids }))
      const data = { ...decisionToWire(answer, until), reservation }
      return repeatedIf(data, reservation === null ? new Otherwise({ data }) : { data })
    },
    'v1.customers.reservations.commit': async ({ params, body }, call) => {
      const amount =
        body.amount === undefined ? null : amountFromWire(body.amount, inBody('amount'))
      const commit = { amount, overage: body.overage ?? 'reject' }
      const step = { kind: 'commit' as const, commit }
      const { reservation, answer } = await changeReservation(call, params, step)
      if (answer.recorded && !answer.isRepeated) notes.recorded(call, 1)
      const data = { ...decisionToWire(answer, await validUntilOf(call, answer)), reservation }
      return repeatedIf(data, { data })
    },
    'v1.customers.reservations.extend': async ({ params, body }, call) => {
      const step = { kind: 'extend' as const, ttlSeconds: body.ttlSeconds }
      return { data: (await changeReservation(call, params, step)).reservation }
    },
    'v1.customers.reservations.release': async ({ params }, call) => ({
      data: (await changeReservation(call, params, { kind: 'release' })).reservation,
    }),
    'v1.customers.reservations.list': async ({ params, query }, call) => {
      const page = await listReservations(
        call,
        { customerId: params.id, statuses: query.status ?? null, page: pageRequest(query) },
        ids,
      )
      return pageToWire(page, (each) => reservationToWire(each, params.id))
    },
    'v1.customers.reservations.retrieve': async ({ params }, call) => {
      const query = { customerId: params.id, id: params.reservationId }
      return { data: reservationToWire(await retrieveReservation(call, query, ids), params.id) }
    },
  }
}

type ConsumptionBody = ConsumeRequestBody | ReservationCreateRequestBody

/**
 * `now` is when the request arrived. 400 of `consumedAmountFromWire`, and for dimensions that are
 * too large.
 */
function consumptionFromWire(
  wire: ConsumptionBody,
  of: { customerId: string; featureId: string; mode: ConsumeMode; now: Instant },
): ConsumptionInput {
  const { now, ...input } = of
  const timestamp = wire.timestamp === undefined ? null : instantFromWire(wire.timestamp)
  return {
    ...input,
    resourceId: wire.resourceId ?? null,
    amount: consumedAmountFromWire(wire),
    idempotencyKey: wire.idempotencyKey,
    timestamp,
    tooDistant: of.mode.kind === 'record' ? null : tooDistant(timestamp, now),
    ...recordDimensionsFromWire(wire, inBody()),
    hasDimensions: wire.dimensions !== undefined,
  }
}

/**
 * The maximum distance between now and the timestamp of a consumption that limits decide, in
 * milliseconds. Some distance is needed, because requests may be delayed and clocks of clients may
 * run fast. With a larger distance, a caller could use up the windows of a whole year, or of an
 * hour, at once.
 */
const MAX_DISTANCE_MS = 5 * 60_000

function tooDistant(timestamp: Instant | null, now: Instant): ConsumptionInput['tooDistant'] {
  if (timestamp === null || Math.abs(timestamp - now) <= MAX_DISTANCE_MS) return null
  return timestamp < now ? 'past' : 'future'
}

/** Returns an amount above 0. 400 if it is too large or rounds to 0; see `amountFromWire`. */
function consumedAmountFromWire(wire: { amount: number }): Quantity {
  const amount = amountFromWire(wire.amount, inBody('amount'))
  if (amount === 0n)
    throw badInput(inBody('amount'), 'amount must not be 0 after rounding to 10 decimals')
  return amount
}

/**
 * Returns the response for a decision. `until` is its `validUntil`: if nothing is written, a check
 * gives the same result until then.
 */
function decisionToWire(answer: DecisionAnswer, until: Instant | null): Consumption {
  const { isGranted, accessDeniedReason, recorded, isRepeated, chains, unresolved } = answer
  const { featureState, period } = answer.evaluated
  const decision = { isGranted, accessDeniedReason }
  return {
    ...featureEntitlementToWire({ decision, featureState, period, validUntil: until }),
    ...(chains === null ? {} : { chains: chains.map((chain) => chain.map(chainNodeToWire)) }),
    ...(unresolved === null ? {} : { unresolved: [...unresolved] }),
    recorded,
    replayed: isRepeated,
  }
}

const repeatedIf = <Answer>({ replayed }: { replayed: boolean }, answer: Answer) =>
  replayed ? new Repeated(answer) : answer

/** Reads the ends of holds only after a denial, because only then a hold may be the cause. */
async function validUntilOf({ app }: Call, answer: DecisionAnswer): Promise<Instant | null> {
  const { isGranted, evaluated, chains, decidedBy } = answer
  if (decidedBy === null) return evaluated.validUntil
  const outcome = { entitlement: evaluated, chains: chains ?? [], now: decidedBy.now }
  return isGranted ? validUntil(outcome, null) : readValidUntil(app.db.read, outcome, decidedBy)
}

/**
 * Credits do not exist yet, so consuming a currency is a check, which denies. Nothing is stored.
 * 400 `InvalidArgumentError` for a timestamp that is too far from now.
 */
async function checkCredits(
  call: Call,
  { engine, notes }: Decider,
  of: { customerId: string; body: Omit<ConsumeRequestBody, 'mode'>; kind: DecisionKind },
) {
  const { customerId, body, kind } = of
  const timestamp = body.timestamp === undefined ? null : instantFromWire(body.timestamp)
  refuseDistant(tooDistant(timestamp, call.app.clock.now()))
  const question = {
    customerId,
    resourceId: body.resourceId ?? null,
    capability: capabilityFromWire(body, 'body'),
    request: requestOf(consumedAmountFromWire(body)),
    dimensions: body.dimensions === undefined ? null : dimensionsFromWire(body.dimensions),
  }
  const checked = await check(call, engine, question)
  noteCheck({ notes, call, kind }, { question, checked })
  return { ...checkToWire(checked), recorded: false, replayed: false }
}

const reservationChanges =
  (writerOf: WriterOf, ids: Cache<string>) =>
  async (
    call: Call,
    { id: customerId, reservationId }: { id: string; reservationId: string },
    step: ReservationStepInput['step'],
  ) => {
    const input = { customerId, key: reservationKey(reservationId), step }
    const answer = await writerOf(call).changeReservation(call, input)
    const reservation = await withIds(call, { customerId, reservation: answer.reservation, ids })
    return { reservation, answer }
  }

async function withIds(
  { app }: Call,
  of: { customerId: string; reservation: Reservation; ids: Cache<string> },
): Promise<WireReservation> {
  const [reservation] = await addIds(app.db.read, [of.reservation], of.ids)
  return reservationToWire(required(reservation, 'a reservation with its ids'), of.customerId)
}
