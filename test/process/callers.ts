import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until, within } from '../support/deadline.ts'
import { createClient, type Json, type KeepAliveClient } from '../support/keep-alive-client.ts'
import { type Random, randomFrom, seedOf } from '../support/random.ts'
import { endCleanly, openPlace, type Place } from '../support/server-process.ts'
import { KILLS, type ServerHolder } from './kills.ts'

/** How often something is killed. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 3)
const CALLERS_EACH = 3
/** How many rounds of each caller must succeed between two kills. */
const WORK_BETWEEN = 5
/** A kill comes after a random delay of up to so many milliseconds, during any step of a batch. */
const SPREAD_MS = 40
const PAUSE_MS = 20

type Send = (call: { path: string; body: object }) => Promise<Json>

/** What a caller does in one round. Each round has its own name. Returns what was acknowledged. */
export type Round = (
  customerId: string,
  of: { name: string; random: Random; send: Send },
) => Promise<number>

/** A caller that does round after round, and repeats each request until it is acknowledged. */
type Caller = {
  customerId: string
  /** Returns the number of completed rounds, and the total of what they had acknowledged. */
  state(): { rounds: number; acknowledged: number }
  stop(): Promise<void>
}

function startCaller(
  customerId: string,
  options: { name: string; url: () => string; random: Random },
  round: Round,
): Caller {
  const client = createClient()
  const { name, url, random } = options
  const state = { rounds: 0, acknowledged: 0 }
  const end = { stopped: false, failure: null as Error | null }
  const run = async () => {
    const send: Send = (call) => untilTaken(client, url, call)
    for (; !end.stopped; state.rounds += 1)
      state.acknowledged += await round(customerId, {
        name: `${name}-${state.rounds}`,
        random,
        send,
      })
  }
  const running = run().finally(() => client.close())
  running.catch((error) => {
    end.failure = error
  })
  return {
    customerId,
    state: () => {
      if (end.failure !== null) throw end.failure
      return state
    },
    stop: () => {
      end.stopped = true
      return running
    },
  }
}

/**
 * A killed server sends no response or a part of one. Without a database, it responds with 503. Any
 * other failure is a defect.
 */
async function untilTaken(
  client: KeepAliveClient,
  url: () => string,
  call: { path: string; body: object },
): Promise<Json> {
  for (;;) {
    const outcome = await client.send(url(), { method: 'POST', ...call })
    if (outcome.kind === 'answer') {
      const { status, body } = outcome
      assert.ok([200, 201, 503].includes(status), `${status} ${JSON.stringify(body)}`)
      if (status !== 503) return body.data
    }
    await delay(PAUSE_MS)
  }
}

type Work = {
  /** One of `KILLS`. */
  victim: string
  customers: readonly string[]
  prepare(url: string): Promise<void>
  round: Round
  /** Asserts what is stored of a customer. `acknowledged` is the acknowledged total. */
  check(url: string, customerId: string, acknowledged: number): Promise<void>
}

/**
 * Lets callers of each customer work while something is killed again and again, and checks each
 * customer afterwards.
 */
export async function workThroughKills(t: TestContext, work: Work): Promise<void> {
  const place = openPlace(t)
  const running: ServerHolder = { server: await place.start() }
  await work.prepare(running.server.url)
  const sums = await acknowledgedThroughKills(t, { place, running }, work)
  for (const [customerId, sum] of sums) await work.check(running.server.url, customerId, sum)
  await endCleanly(place, running.server)
}

/** Returns what was acknowledged for each customer. */
async function acknowledgedThroughKills(
  t: TestContext,
  { place, running }: { place: Place; running: ServerHolder },
  { victim, customers, round }: Work,
): Promise<ReadonlyMap<string, number>> {
  const random = randomFrom(seedOf(t), 0)
  const callers = customers.flatMap((customerId) =>
    Array.from({ length: CALLERS_EACH }, (_, index) => {
      const own = randomFrom(random.below(2 ** 30), index)
      const options = { name: `${customerId}-${index}`, url: () => running.server.url, random: own }
      return startCaller(customerId, options, round)
    }),
  )
  t.after(() => Promise.allSettled(callers.map((caller) => caller.stop())))
  for (let kills = 0; kills < ROUNDS; kills += 1) {
    await workOn(callers)
    await delay(random.below(SPREAD_MS))
    await KILLS[victim]?.(place, running)
  }
  await workOn(callers)
  await Promise.all(callers.map((caller) => within('the end of a caller', caller.stop())))
  const sums = new Map<string, number>()
  for (const { customerId, state } of callers)
    sums.set(customerId, (sums.get(customerId) ?? 0) + state().acknowledged)
  return sums
}

async function workOn(callers: readonly Caller[]): Promise<void> {
  const goals = callers.map((caller) => caller.state().rounds + WORK_BETWEEN)
  await until('rounds of every caller', () =>
    callers.every((caller, index) => caller.state().rounds >= (goals[index] ?? 0)),
  )
}
