import pg from 'pg'
import { type Connection, clientConfig } from './database.ts'
import type { Epochs } from './epochs.ts'
import { lookAt } from './look.ts'

/** The pause before a reconnect, in milliseconds. */
const RECONNECT_MS = 500
/** The interval of the heartbeat and the timeout of its response, in milliseconds. */
const HEARTBEAT_MS = 5000

export type Listener = { stop(): Promise<void> }

/**
 * Receives the notifications of a channel on its own connection. Calls `on.state(true)` when all
 * later notifications will be received, and `on.state(false)` when that ends. Notifications sent in
 * between are lost, so callers must then discard what they derived from them. Reconnects
 * automatically, also when an epoch begins, because the old session gets no notifications of the
 * new database.
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
    let unsubscribe = () => {}
    const lose = () => {
      if (lost) return
      lost = true
      clearInterval(heartbeat)
      unsubscribe()
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
      // The heartbeat detects half-open connections. A database that has become read-only is
      // given up, too, because no changes are made there.
      const look = async () => {
        const { isWritable, database } = await lookAt(candidate)
        if (isWritable) epochs.observe(database)
        else lose()
      }
      await look()
      if (lost) return
      unsubscribe = epochs.onNew(lose)
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
