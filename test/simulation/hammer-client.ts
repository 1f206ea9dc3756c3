import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import {
  type Call,
  createClient,
  type Json,
  type KeepAliveClient,
} from '../support/keep-alive-client.ts'
import type { Random } from '../support/random.ts'
import { drawDimensions, FEATURE, type Town } from './hammer-town.ts'
import type { Dimensions } from './model/tree.ts'

/** From the first time that a request was sent until its response, by the clock of this test. */
export type Span = { sentAt: number; answeredAt: number }

/** One use that was decided about, and what became of it where it was a reservation. */
export type Use = Span & {
  call: Call
  customerId: string
  dimensions: Dimensions
  /** In whose windows it lies. */
  at: number
  amount: number
  isGranted: boolean
  hold: Hold | null
}

/** What a check has shown of a customer's usage. */
export type Look = Span & { customerId: string; usage: number }

export type Hold = {
  id: string
  expiresAt: number
  /** What was recorded; null while nothing is. */
  committed: (Span & { amount: number }) | null
  released: Span | null
  /** Commits of more than was held that were denied. */
  denied: (Span & { amount: number })[]
}

/** Servers come and go; a client takes any. */
export type Hammer = {
  urls(): readonly string[]
  town: Town
  start: number
  end: number
  /** Tells when the test is over, whatever is still unanswered. */
  signal: AbortSignal
}

const PAUSE_MS = 20
const MINUTE_MS = 60_000
/** Windows of a minute each, now and ahead, so that not one of them decides everything. */
const WINDOWS = 4
/** One request in so many is a check. */
const LOOK_EVERY = 4

/** For how long a window of a minute is used, in milliseconds. */
export const WINDOW_USED_MS = WINDOWS * MINUTE_MS
const MAX_AMOUNT = 6
/** By how much the clocks of the servers are wrong at most, in milliseconds. */
export const MAX_CLOCK_ERROR_MS = 5000

/**
 * Consumes, reserves and checks until the end, and repeats each request until it gets a response.
 */
export async function runClient(
  hammer: Hammer,
  random: Random,
  name: string,
): Promise<{ uses: Use[]; looks: Look[] }> {
  const client = createClient()
  const uses: Use[] = []
  const looks: Look[] = []
  const own = { hammer, random, client }
  try {
    while (Date.now() < hammer.end)
      if (random.below(LOOK_EVERY) === 0) looks.push(await lookOnce(own))
      else uses.push(await useOnce(own, `${name}-${uses.length}`))
    return { uses, looks }
  } finally {
    client.close()
  }
}

type Client = { hammer: Hammer; random: Random; client: KeepAliveClient }

async function lookOnce(own: Client): Promise<Look> {
  const { hammer, random } = own
  const customerId = drawCustomer(hammer, random)
  const path = `/api/v1/customers/${customerId}/entitlements/check?featureId=${FEATURE}`
  const { body, sentAt, answeredAt } = await send(own, { method: 'GET', path })
  return { customerId, usage: body.data.currentUsage, sentAt, answeredAt }
}

const drawCustomer = ({ town }: Hammer, random: Random): string =>
  town.customerIds[random.below(town.customerIds.length)] ?? ''

async function useOnce(own: Client, idempotencyKey: string): Promise<Use> {
  const { hammer, random } = own
  const customerId = drawCustomer(hammer, random)
  const dimensions = drawDimensions(random)
  const at = minuteOf(hammer) + random.below(WINDOWS) * MINUTE_MS
  const amount = 1 + random.below(MAX_AMOUNT)
  const isHeld = random.below(2) === 0
  const use = {
    featureId: FEATURE,
    amount,
    idempotencyKey,
    dimensions,
    timestamp: instantToWire(at),
  }
  const call: Call = {
    method: 'POST',
    path: `/api/v1/customers/${customerId}/${isHeld ? 'reservations' : 'consume'}`,
    body: isHeld ? { ...use, ttlSeconds: 1 + random.below(3) } : use,
  }
  const { body, sentAt, answeredAt } = await send(own, call)
  const { isGranted, recorded, reservation } = body.data
  assert.equal(recorded, isGranted && !isHeld)
  const hold: Hold | null =
    reservation === undefined || reservation === null
      ? null
      : {
          ...{ id: reservation.id, expiresAt: instantFromWire(reservation.expiresAt) },
          ...{ committed: null, released: null, denied: [] },
        }
  assert.equal(hold !== null, isGranted && isHeld)
  const done: Use = {
    sentAt,
    answeredAt,
    call,
    customerId,
    dimensions,
    at,
    amount,
    isGranted,
    hold,
  }
  if (hold !== null) await endHold(own, done, hold)
  return done
}

/** When the minute of the run began that it is in: what is long ago is only recorded. */
const minuteOf = ({ start }: Hammer): number =>
  start + Math.floor((Date.now() - start) / MINUTE_MS) * MINUTE_MS

/** Commits less, all or more of a hold, releases it, or leaves it to itself. */
async function endHold(own: Client, use: Use, hold: Hold): Promise<void> {
  const { random } = own
  const path = `/api/v1/customers/${use.customerId}/reservations/${hold.id}`
  const release = async () => {
    const { status, ...span } = await send(own, { method: 'POST', path: `${path}/release` })
    if (status === 200) hold.released = span
    else assertExpired(hold)
  }
  const choice = random.below(4)
  if (choice === 0) return
  if (choice === 1) return release()
  const amount = random.below(2 * use.amount + 1)
  const { status, body, ...span } = await send(own, {
    ...{ method: 'POST', path: `${path}/commit` },
    body: { amount, overage: 'allow_if_available' },
  })
  if (status !== 200) return assertExpired(hold)
  if (body.data.isGranted) {
    hold.committed = { ...span, amount }
    return
  }
  assert.ok(amount > use.amount, 'what is held was denied')
  hold.denied.push({ ...span, amount })
  return release()
}

/** The server that has ended it may have a clock that is fast. */
const assertExpired = (hold: Hold): void =>
  assert.ok(
    hold.expiresAt <= Date.now() + MAX_CLOCK_ERROR_MS,
    'a reservation was lost before it expired',
  )

type HammerAnswer = Span & { status: number; body: Json }

/** Sends a request to any of the servers, and repeats it unchanged until there is a response. */
async function send({ hammer, random, client }: Client, call: Call): Promise<HammerAnswer> {
  const sentAt = Date.now()
  for (;;) {
    hammer.signal.throwIfAborted()
    const urls = hammer.urls()
    const url = urls[random.below(urls.length)] ?? ''
    const outcome = await client.send(url, call)
    if (outcome.kind === 'answer' && outcome.status !== 503) {
      const { status, body } = outcome
      const isReservation = /\/(commit|release)$/.test(call.path)
      const isFine = status < 300 || (isReservation && body.code === 'InvalidArgumentError')
      assert.ok(
        isFine,
        `${call.path} ${JSON.stringify(call.body)}: ${status} ${JSON.stringify(body)}`,
      )
      return { status, body, sentAt, answeredAt: Date.now() }
    }
    await delay(PAUSE_MS)
  }
}
