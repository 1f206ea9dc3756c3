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

/** From the first sending of a request to its response, by the clock of this test. */
export type Span = { sentAt: number; answeredAt: number }

/** A consumption or a reservation with its decision. `hold`: what happened to a reservation. */
export type Use = Span & {
  call: Call
  customerId: string
  dimensions: Dimensions
  /** It counts in the windows of this instant. */
  at: number
  amount: number
  isGranted: boolean
  hold: Hold | null
}

/** A customer's usage that a check has shown. */
export type Look = Span & { customerId: string; usage: number }

export type Hold = {
  id: string
  expiresAt: number
  /** The commit with its recorded amount, or null. */
  committed: (Span & { amount: number }) | null
  released: Span | null
  /** Denied commits of more than the held amount. */
  denied: (Span & { amount: number })[]
}

/** The servers, which are killed and started again. A client sends to any of them. */
export type Hammer = {
  urls(): readonly string[]
  town: Town
  start: number
  end: number
  /** Ends all requests when the test is over. */
  signal: AbortSignal
}

const PAUSE_MS = 20
const MINUTE_MS = 60_000
/** The number of windows of a minute that are used at once: the current one and later ones. */
const WINDOWS = 4
/** Every fourth request is a check. */
const LOOK_EVERY = 4

/** For how long a window of a minute is used, in milliseconds. */
export const WINDOW_USED_MS = WINDOWS * MINUTE_MS
const MAX_AMOUNT = 6
/** The maximum error of the clocks of servers, in milliseconds. */
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

/**
 * Returns the start of the current minute of the run. Usage may not be older, because limits decide
 * only usage of about now.
 */
const minuteOf = ({ start }: Hammer): number =>
  start + Math.floor((Date.now() - start) / MINUTE_MS) * MINUTE_MS

/** Commits less than, all of or more than a hold, releases it, or lets it expire. */
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

/** Asserts that a hold has expired. The clock of the server that ended it may be fast. */
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
