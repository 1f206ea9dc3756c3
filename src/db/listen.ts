import pg from 'pg'
import { type Connection, clientConfig } from './database.ts'
import type { Epochs } from './epochs.ts'
import { lookAt } from './look.ts'

/** Milliseconds between attempts to hear again. */
const RECONNECT_MS = 500
/** Milliseconds between questions whether the other end is still there, and for its answer. */
const HEARTBEAT_MS = 5000

export type Listener = { stop(): Promise<void> }

/**
 * Hears the notifications of a channel over a connection of its own. `onState(true)` is called
 * when every later notification will be heard, `onState(false)` when that ends; news sent in
 * between is lost, so whoever relies on it starts afresh. Reconnects by itself, also when an epoch
 * begins: what is heard from a former database is not what happens in the present one.
 */
export function listen(
  { connection, epochs }: { connection: Connection; epochs: Epochs },
  channel: string,
  on: { notification: () => void; state: (listening: boolean) => void },
): Listener {
  let stopped = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined

  const connect = async () => {
    const candidate = new pg.Client({
      ...clientConfig(connection),
      connectionTimeoutMillis: HEARTBEAT_MS,
      query_timeout: HEARTBEAT_MS,
    })
    client = candidate
    let lost = false
    let heartbeat: NodeJS.Timeout | undefined
    let stopHearing = () => {}
    const lose = () => {
      if (lost) return
      lost = true
      clearInterval(heartbeat)
      stopHearing()
      on.state(false)
      candidate.end().catch(() => {})
      if (!stopped) timer = setTimeout(connect, RECONNECT_MS)
    }
    candidate.on('error', lose)
    candidate.on('end', lose)
    candidate.on('notification', on.notification)
    try {
      await candidate.connect()
      await candidate.query(`listen ${candidate.escapeIdentifier(channel)}`)
      // A connection that is half open says nothing and hears nothing, and what has become
      // read-only is not where changes are made.
      const look = async () => {
        const { isWritable, database } = await lookAt(candidate)
        if (isWritable) epochs.saw(database)
        else lose()
      }
      await look()
      if (lost) return
      stopHearing = epochs.onNew(lose)
      on.state(true)
      heartbeat = setInterval(() => look().catch(lose), HEARTBEAT_MS)
    } catch {
      lose()
    }
  }
  void connect()

  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
