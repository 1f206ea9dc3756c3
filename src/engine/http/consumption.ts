import type { ConsumeRequestBody, Reservation as WireReservation } from '../../api.gen.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { notFound } from '../../kernel/errors.ts'
import { pageRequest } from '../../kernel/page.ts'
import { amountFromWire } from '../../kernel/quantity.ts'
import type { Reservation } from '../../metering/index.ts'
import { type Call, type Handlers, Otherwise, Repeated } from '../../operation.ts'
import type { UsageWriter } from '../batch/index.ts'
import { type Cache, createCache } from '../cache/index.ts'
import { type CheckContext, check, readValidUntil, validUntil } from '../check/index.ts'
import { type DecisionAnswer, requesting } from '../consume/index.ts'
import {
  listReservations,
  nameReservations,
  reservationKey,
  retrieveReservation,
} from '../reservations/index.ts'
import type { ReservationStepInput } from '../types.ts'
import { capabilityFromWire, dimensionsFromWire } from './check.ts'
import { checkedToWire } from './check-wire.ts'
import {
  decisionToWire,
  refuseBeyondFromWire,
  useAmountFromWire,
  useFromWire,
} from './consumption-wire.ts'
import { reservationToWire } from './reservation-wire.ts'

type Consumptions =
  | 'v1.customers.consume'
  | 'v1.customers.reservations.create'
  | 'v1.customers.reservations.commit'
  | 'v1.customers.reservations.extend'
  | 'v1.customers.reservations.release'
  | 'v1.customers.reservations.list'
  | 'v1.customers.reservations.retrieve'

/** Ids of features and resources that are remembered. */
const IDS = 10_000
const DEFAULT_TTL_SECONDS = 60

type WriterOf = (call: Call) => UsageWriter

/** What is decided and recorded in one step, or held first. */
export function consumptionHandlers(
  writerOf: WriterOf,
  checking: CheckContext,
): Handlers<Consumptions> {
  const ids = createCache<string>(IDS)
  const settled = settling(writerOf, ids)
  return {
    'v1.customers.consume': async ({ params, body }, call) => {
      const capability = capabilityFromWire(body, 'body')
      const now = call.app.clock.now()
      const of = { customerId: params.id, featureId: capability.id, now }
      const kind = body.mode ?? 'enforce'
      if (capability.kind === 'currency') {
        if (kind === 'record')
          throw notFound('FeatureNotFound', 'body: usage of a currency cannot be recorded')
        return { data: await spend(call, { checking, customerId: params.id, body }) }
      }
      const use = useFromWire(body, { ...of, purpose: { kind } })
      const used = await writerOf(call).use(call.scope, use, call.origin)
      const data = decisionToWire(used, await untilOf(call, used))
      return repeatedIf(data, { data })
    },
    'v1.customers.reservations.create': async ({ params, body }, call) => {
      const capability = capabilityFromWire(body, 'body')
      const now = call.app.clock.now()
      const of = { customerId: params.id, featureId: capability.id, now }
      if (capability.kind === 'currency') {
        const denied = await spend(call, { checking, customerId: params.id, body })
        return new Otherwise({ data: { ...denied, reservation: null } })
      }
      const ttlSeconds = body.ttlSeconds ?? DEFAULT_TTL_SECONDS
      const use = useFromWire(body, { ...of, purpose: { kind: 'hold', ttlSeconds } })
      const used = await writerOf(call).use(call.scope, use, call.origin)
      const reservation =
        used.reservation && (await shown(call, { ...of, reservation: used.reservation, ids }))
      const data = { ...decisionToWire(used, await untilOf(call, used)), reservation }
      return repeatedIf(data, reservation === null ? new Otherwise({ data }) : { data })
    },
    'v1.customers.reservations.commit': async ({ params, body }, call) => {
      const amount = body.amount === undefined ? null : amountFromWire(body.amount, 'amount')
      const commit = { amount, overage: body.overage ?? 'reject' }
      const { reservation, decided } = await settled(call, params, { kind: 'commit', commit })
      const data = { ...decisionToWire(decided, await untilOf(call, decided)), reservation }
      return repeatedIf(data, { data })
    },
    'v1.customers.reservations.extend': async ({ params, body }, call) => {
      const step = { kind: 'extend' as const, ttlSeconds: body.ttlSeconds }
      return { data: (await settled(call, params, step)).reservation }
    },
    'v1.customers.reservations.release': async ({ params }, call) => ({
      data: (await settled(call, params, { kind: 'release' })).reservation,
    }),
    'v1.customers.reservations.list': async ({ params, query }, call) => {
      const { data, pagination } = await listReservations(
        call,
        { customerId: params.id, statuses: query.status ?? null, page: pageRequest(query) },
        ids,
      )
      return { data: data.map((each) => reservationToWire(each, params.id)), pagination }
    },
    'v1.customers.reservations.retrieve': async ({ params }, call) => {
      const named = { customerId: params.id, id: params.reservationId }
      return { data: reservationToWire(await retrieveReservation(call, named, ids), params.id) }
    },
  }
}

const repeatedIf = <Answer>({ replayed }: { replayed: boolean }, answer: Answer) =>
  replayed ? new Repeated(answer) : answer

/** What is held is looked at where it may be in the way of what was denied. */
async function untilOf({ app }: Call, decided: DecisionAnswer): Promise<Instant | null> {
  const { isGranted, evaluated, chains, decidedBy } = decided
  if (decidedBy === null) return evaluated.validUntil
  const timed = { base: evaluated, chains: chains ?? [], now: decidedBy.now }
  return isGranted ? validUntil(timed, null) : readValidUntil(app.db.read, timed, decidedBy)
}

/** Nobody has a wallet yet: a currency is checked, which denies, and no key is kept of it. */
async function spend(
  call: Call,
  asked: { checking: CheckContext; customerId: string; body: Omit<ConsumeRequestBody, 'mode'> },
) {
  const { checking, customerId, body } = asked
  refuseBeyondFromWire(body, call.app.clock.now())
  const checked = await check(call, checking, {
    customerId,
    resourceId: body.resourceId ?? null,
    capability: capabilityFromWire(body, 'body'),
    request: requesting(useAmountFromWire(body)),
    dimensions: body.dimensions === undefined ? null : dimensionsFromWire(body.dimensions),
  })
  return { ...checkedToWire(checked), recorded: false, replayed: false }
}

const settling =
  (writerOf: WriterOf, ids: Cache<string>) =>
  async (
    call: Call,
    params: { id: string; reservationId: string },
    step: ReservationStepInput['step'],
  ) => {
    const { id: customerId, reservationId } = params
    const key = reservationKey(reservationId)
    const settling = { customerId, key, step }
    const decided = await writerOf(call).settle(call.scope, settling, call.origin)
    const reservation = await shown(call, { customerId, reservation: decided.reservation, ids })
    return { reservation, decided }
  }

async function shown(
  { app }: Call,
  of: { customerId: string; reservation: Reservation; ids: Cache<string> },
): Promise<WireReservation> {
  const [named] = await nameReservations(app.db.read, [of.reservation], of.ids)
  return reservationToWire(required(named, 'a reservation with its ids'), of.customerId)
}
