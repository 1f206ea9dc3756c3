import type { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Epoch, Epochs } from './epochs.ts'
import { isOutOfConnections } from './failures.ts'
import { type Look, lookAt, readOnlyError } from './look.ts'

export type PoolOptions = {
  config: pg.PoolConfig
  /** The most connections. */
  size: number
  /** How long to wait for a connection, in milliseconds. */
  timeoutMs: number
  /** Whether a session is useful only if it can write. */
  needsWrites: boolean
  epochs: Epochs
  /** Called when an idle connection breaks. The pool replaces it. */
  onIdleError: (error: Error) => void
  /** Called with the state of each new session, and every 5 s with the state of one session. */
  onLook: (look: Look) => void
  /** Called when the database has fewer connections left than `size`, and when that is over. */
  onCapacity: (capacity: PoolCapacity) => void
}

/** How many connections the pool may open now, and how many it wants. */
export type PoolCapacity = { had: number; wanted: number }

export type Pool = {
  /** Returns a session. The caller must release it. */
  take(): Promise<pg.PoolClient>
  /** Closes all present sessions when they are free, because they can no longer write. */
  discardAll(): void
  /** Returns how many connections the pool may open now. */
  size(): number
  /** Returns whether a session leads to a database that has been replaced by another one. */
  isStale(client: pg.ClientBase): boolean
  counts(): { total: number; idle: number; waiting: number }
  close(): Promise<void>
}

/** The interval at which the state of a session is read, in milliseconds. */
const LOOK_MS = 5000
/** During a shortage of connections, how long to wait until one more is tried, in milliseconds. */
const GROW_MS = 5000
/** The pause between two attempts if the database has no connection left, in milliseconds. */
const PAUSE_MS = 100
/** The delay before a shortage of connections is reported, in milliseconds. */
const REPORT_MS = 500
/** PostgreSQL reports changes of these parameters on every session. */
const READ_ONLY_PARAMETERS = ['in_hot_standby', 'default_transaction_read_only']

/**
 * Opens a pool of usable sessions. If the database has fewer connections left than wanted, callers
 * share the existing ones. As soon as one session shows that the database is read-only, all
 * sessions are discarded, because new ones may lead to a database that can be written to. They are
 * also discarded when a new session leads to another database.
 */
export function openPool(options: PoolOptions): Pool {
  const { needsWrites, timeoutMs, epochs } = options
  const alive = new Set<pg.ClientBase>()
  const discards = new WeakSet<pg.ClientBase>()
  const discardAll = () => {
    for (const client of alive) discards.add(client)
  }
  const unsubscribe = epochs.onNew(discardAll)
  const epochOf = new WeakMap<pg.ClientBase, Epoch>()
  const onLook = (look: Look) => {
    options.onLook(look)
    if (look.isWritable || !needsWrites) epochs.observe(look.database)
  }
  const own = new pg.Pool({
    ...options.config,
    max: options.size,
    connectionTimeoutMillis: timeoutMs,
    onConnect: async (client) => {
      // A connection that breaks while idle emits an error, which ends the process if unhandled.
      client.on('error', ignore)
      const look = await lookAt(client)
      onLook(look)
      if (needsWrites && !look.isWritable) throw readOnlyError()
      epochOf.set(client, epochs.current())
      if (needsWrites) onReadOnly(client, discardAll)
      alive.add(client)
      capacity.growTo(alive.size)
    },
  })
  own.on('error', options.onIdleError)
  own.on('remove', (client) => alive.delete(client))
  const capacity = createCapacity(own, options)

  const take = async (): Promise<pg.PoolClient> => {
    const end = performance.now() + timeoutMs
    for (;;) {
      try {
        const client = await own.connect()
        if (!discards.has(client)) return client
        client.release(true)
      } catch (error) {
        if (!isOutOfConnections(error) || performance.now() > end) throw error
        capacity.shrinkTo(alive.size)
        if (alive.size === 0) await delay(PAUSE_MS)
      }
    }
  }
  const looks = setInterval(
    () => void lookAtOneSession(take, { onLook, needsWrites, discardAll }),
    LOOK_MS,
  )
  looks.unref()

  return {
    take,
    discardAll,
    size: () => own.options.max,
    isStale: (client) => epochOf.get(client) !== epochs.current(),
    counts: () => ({ total: own.totalCount, idle: own.idleCount, waiting: own.waitingCount }),
    close: async () => {
      clearInterval(looks)
      unsubscribe()
      capacity.stop()
      await own.end()
    },
  }
}

const ignore = () => {}

/** Calls `changed` when PostgreSQL reports that a session has become read-only. */
function onReadOnly(client: pg.ClientBase, changed: () => void): void {
  const { connection } = client as unknown as { connection: EventEmitter }
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (READ_ONLY_PARAMETERS.includes(parameterName) && parameterValue === 'on') changed()
  })
}

/** Reads the state of any session. Does nothing if no session is available in time. */
async function lookAtOneSession(
  take: Pool['take'],
  {
    onLook,
    needsWrites,
    discardAll,
  }: Pick<PoolOptions, 'onLook' | 'needsWrites'> & Pick<Pool, 'discardAll'>,
): Promise<void> {
  const client = await take().catch(() => null)
  if (client === null) return
  try {
    const look = await lookAt(client)
    onLook(look)
    const isUseless = needsWrites && !look.isWritable
    if (isUseless) discardAll()
    client.release(isUseless)
  } catch (error) {
    client.release(error as Error)
  }
}

/** Adapts the size of the pool to the connections that the database has left. */
function createCapacity(own: pg.Pool, { size, onCapacity }: PoolOptions) {
  let growTimer: NodeJS.Timeout | undefined
  let reportTimer: NodeJS.Timeout | undefined
  const report = () => onCapacity({ had: own.options.max, wanted: size })
  const growLater = () => {
    clearTimeout(growTimer)
    growTimer = setTimeout(grow, GROW_MS).unref()
  }
  const grow = () => {
    own.options.max = Math.min(size, own.options.max + 1)
    if (own.options.max < size) return growLater()
    report()
  }
  return {
    /**
     * Called after an attempt to open a connection has failed. `open` is the number of open
     * connections, without those that are being opened. With these, each failure would cause
     * another attempt.
     */
    shrinkTo: (open: number) => {
      // Concurrent attempts fail one after the other. So the number is reported after a delay.
      if (own.options.max === size) reportTimer = setTimeout(report, REPORT_MS).unref()
      own.options.max = Math.max(1, open)
      growLater()
    },
    /**
     * Called after an attempt has succeeded, because concurrent attempts may have failed before.
     */
    growTo: (open: number) => {
      own.options.max = Math.max(own.options.max, open)
    },
    stop: () => {
      clearTimeout(growTimer)
      clearTimeout(reportTimer)
    },
  }
}
