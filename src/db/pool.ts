import type { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Epoch, Epochs } from './epochs.ts'
import { isCrowded } from './failures.ts'
import { cannotWrite, type Look, lookAt } from './look.ts'

export type PoolOptions = {
  config: pg.PoolConfig
  /** Most connections, and how many milliseconds one is waited for. */
  size: number
  patienceMs: number
  /** Whether a session is of use only if it can write. */
  needsWrites: boolean
  epochs: Epochs
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  onIdleError: (error: Error) => void
  /** Called with what each new session says, and then every few seconds one of them. */
  onLook: (look: Look) => void
  /** Called when the database has fewer connections left than `size`, and when that is over. */
  onRoom: (room: Room) => void
}

/** Connections that the pool makes do with, of those that it would have. */
export type Room = { had: number; wanted: number }

export type Pool = {
  /** A session that may be used until it is released. */
  take(): Promise<pg.PoolClient>
  /** Takes all sessions for lost: what they are on cannot be written to. */
  loseAll(): void
  /** Most connections that it may have now. */
  size(): number
  /** Whether a session leads to a database that another one has come for. */
  isFormer(client: pg.ClientBase): boolean
  counts(): { total: number; idle: number; waiting: number }
  close(): Promise<void>
}

/** Milliseconds between two looks at what the sessions are on. */
const LOOK_MS = 5000
/** Milliseconds after which one connection more is tried where the database had no more left. */
const GROW_MS = 5000
/** Milliseconds between two tries where it has none at all. */
const PAUSE_MS = 100
/** Milliseconds until it is told that connections are short. */
const TELL_MS = 500
/** Parameters of which PostgreSQL itself tells, on each session, when they have changed. */
const UNWRITABLE = ['in_hot_standby', 'default_transaction_read_only']

/**
 * Sessions that can be used. Where the database has fewer connections left than wanted, who asks
 * for one waits for those that are had. Sessions on what has become read-only are all given up as
 * soon as one of them shows it: the next ones may lead to where writing is possible. So are those
 * that are there when a new one leads to another database.
 */
export function openPool(options: PoolOptions): Pool {
  const { needsWrites, patienceMs, epochs } = options
  const alive = new Set<pg.ClientBase>()
  const lost = new WeakSet<pg.ClientBase>()
  const loseAll = () => {
    for (const client of alive) lost.add(client)
  }
  const stopHearing = epochs.onNew(loseAll)
  const epochOf = new WeakMap<pg.ClientBase, Epoch>()
  const onLook = (look: Look) => {
    options.onLook(look)
    if (look.isWritable || !needsWrites) epochs.saw(look.database)
  }
  const own = new pg.Pool({
    ...options.config,
    max: options.size,
    connectionTimeoutMillis: patienceMs,
    onConnect: async (client) => {
      // One that breaks while no statement waits emits; unheard, it would end the process.
      client.on('error', ignore)
      const look = await lookAt(client)
      onLook(look)
      if (needsWrites && !look.isWritable) throw cannotWrite()
      epochOf.set(client, epochs.current())
      if (needsWrites) whenUnwritable(client, loseAll)
      alive.add(client)
      room.growTo(alive.size)
    },
  })
  own.on('error', options.onIdleError)
  own.on('remove', (client) => alive.delete(client))
  const room = keepRoom(own, options)

  const take = async (): Promise<pg.PoolClient> => {
    const end = performance.now() + patienceMs
    for (;;) {
      try {
        const client = await own.connect()
        if (!lost.has(client)) return client
        client.release(true)
      } catch (error) {
        if (!isCrowded(error) || performance.now() > end) throw error
        room.shrinkTo(alive.size)
        if (alive.size === 0) await delay(PAUSE_MS)
      }
    }
  }
  const looking = setInterval(() => void lookByOne(take, { onLook, needsWrites, loseAll }), LOOK_MS)
  looking.unref()

  return {
    take,
    loseAll,
    size: () => own.options.max,
    isFormer: (client) => epochOf.get(client) !== epochs.current(),
    counts: () => ({ total: own.totalCount, idle: own.idleCount, waiting: own.waitingCount }),
    close: async () => {
      clearInterval(looking)
      stopHearing()
      room.stop()
      await own.end()
    },
  }
}

const ignore = () => {}

/** Calls back when PostgreSQL tells that nothing can be written on a session any more. */
function whenUnwritable(client: pg.ClientBase, lose: () => void): void {
  const { connection } = client as unknown as { connection: EventEmitter }
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (UNWRITABLE.includes(parameterName) && parameterValue === 'on') lose()
  })
}

/** Looks by any session. One that cannot be had in time tells nothing. */
async function lookByOne(
  take: Pool['take'],
  {
    onLook,
    needsWrites,
    loseAll,
  }: Pick<PoolOptions, 'onLook' | 'needsWrites'> & Pick<Pool, 'loseAll'>,
): Promise<void> {
  const client = await take().catch(() => null)
  if (client === null) return
  try {
    const look = await lookAt(client)
    onLook(look)
    const isLost = needsWrites && !look.isWritable
    if (isLost) loseAll()
    client.release(isLost)
  } catch (error) {
    client.release(error as Error)
  }
}

/** Fits the size of the pool to the connections that the database has left. */
function keepRoom(own: pg.Pool, { size, onRoom }: PoolOptions) {
  let growing: NodeJS.Timeout | undefined
  let telling: NodeJS.Timeout | undefined
  const room = (): Room => ({ had: own.options.max, wanted: size })
  const growLater = () => {
    clearTimeout(growing)
    growing = setTimeout(grow, GROW_MS).unref()
  }
  const grow = () => {
    own.options.max = Math.min(size, own.options.max + 1)
    if (own.options.max < size) return growLater()
    onRoom(room())
  }
  return {
    /** Those that are being made do not count: each that fails would have another one tried. */
    shrinkTo: (had: number) => {
      // Those that ask at once fail one after the other: it is told once it is known what is left.
      if (own.options.max === size) telling = setTimeout(() => onRoom(room()), TELL_MS).unref()
      own.options.max = Math.max(1, had)
      growLater()
    },
    /** Those that failed may have done so before others were made. */
    growTo: (had: number) => {
      own.options.max = Math.max(own.options.max, had)
    },
    stop: () => {
      clearTimeout(growing)
      clearTimeout(telling)
    },
  }
}
