import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { upsertCall } from '../support/entity-calls.ts'
import { createClient, type KeepAliveClient, type Outcome } from '../support/keep-alive-client.ts'
import type { Random } from '../support/random.ts'

/** The highest value of an entity that was sent, and the highest acknowledged one (0: none). */
export type Row = { attempted: number; acknowledged: number }

/** A caller that upserts entities of its own, one request after the other, until it is stopped. */
export type Writer = {
  readonly customerId: string
  readonly rows: ReadonlyMap<string, Row>
  /** Returns how many requests were acknowledged. Throws after a response that must not occur. */
  acknowledgedRequests(): number
  /** Returns how many requests got 503 or no response. */
  requestsWithout(): number
  /** Stops after the request in progress. Throws as `acknowledgedRequests` does. */
  stop(): Promise<void>
}

export type WriterOptions = {
  customerId: string
  name: string
  /** Returns the address of the server that runs now. */
  url: () => string
  random: Random
}

const BATCH_LIMIT = 10
/** How long a caller waits before it tries again, in milliseconds. */
const PAUSE_MS = 20

type State = {
  rows: Map<string, Row>
  acknowledged: number
  without: number
  stopped: boolean
  failure: Error | null
}

export function startWriter(options: WriterOptions): Writer {
  const state: State = {
    rows: new Map(),
    acknowledged: 0,
    without: 0,
    stopped: false,
    failure: null,
  }
  const client = createClient()
  const running = writeAll(client, options, state).finally(() => client.close())
  running.catch((error) => {
    state.failure = error
  })
  return {
    customerId: options.customerId,
    rows: state.rows,
    acknowledgedRequests: () => {
      if (state.failure !== null) throw state.failure
      return state.acknowledged
    },
    requestsWithout: () => state.without,
    stop: () => {
      state.stopped = true
      return running
    },
  }
}

async function writeAll(client: KeepAliveClient, options: WriterOptions, state: State) {
  const { customerId, url } = options
  while (!state.stopped) {
    const batch = nextBatch(options, state.rows)
    const entities = batch.map(([id, row]) => {
      row.attempted += 1
      return { id, entityTypeId: 'user', metadata: { value: String(row.attempted) } }
    })
    const outcome = await client.send(url(), upsertCall(customerId, entities))
    if (isAcknowledged(outcome)) {
      for (const [, row] of batch) row.acknowledged = row.attempted
      state.acknowledged += 1
    } else {
      state.without += 1
      await delay(PAUSE_MS)
    }
  }
}

/** Returns some new and some existing entities, in a random order. */
function nextBatch({ name, random }: WriterOptions, rows: Map<string, Row>): [string, Row][] {
  const old = random.shuffled([...rows]).slice(0, random.below(BATCH_LIMIT / 2))
  const fresh = Array.from({ length: 1 + random.below(BATCH_LIMIT / 2) }, (_, index) => {
    const entry: [string, Row] = [`${name}-${rows.size + index}`, { attempted: 0, acknowledged: 0 }]
    return entry
  })
  for (const [id, row] of fresh) rows.set(id, row)
  return random.shuffled([...old, ...fresh])
}

/**
 * A killed server sends no response or a part of one. Without a database, it responds with 503. Any
 * other failure is a defect.
 */
function isAcknowledged(outcome: Outcome): boolean {
  if (outcome.kind !== 'answer') return false
  const { status, body } = outcome
  assert.ok(status === 200 || status === 503, `${status} ${JSON.stringify(body)}`)
  return status === 200
}
