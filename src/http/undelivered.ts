import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Database, Epoch } from '../db/index.ts'
import { RETRIED_MS } from '../events/index.ts'
import type { Answer, AnswerResult } from '../idempotency/index.ts'
import { type Cache, createCache } from '../kernel/cache.ts'

/**
 * The maximum number and bytes of cached responses. A response that does not fit counts as
 * delivered.
 */
export type UndeliveredLimits = { answers: number; bytes: number }
const LIMITS: UndeliveredLimits = { answers: 10_000, bytes: 32 * 1024 * 1024 }

/** A request that may be a retry, or may be retried. */
export type UndeliveredQuery = {
  /** Equal only for the same caller, path and content. */
  name: string
  /** Whether the client says that this is a retry. */
  isRetry: boolean
  request: IncomingMessage
  response: ServerResponse
}

/** Executes a request, unless it retries one whose response did not arrive. */
export type UndeliveredAnswer = (
  asked: UndeliveredQuery,
  work: () => Promise<Answer>,
) => Promise<AnswerResult>

type Original = {
  readonly name: string
  /** In a later epoch the work may be lost, so the original no longer counts. */
  readonly epoch: Epoch
  /** A number that ascends in the order of arrival. */
  readonly turn: number
  /** The response, or null if the request was refused. */
  readonly outcome: Promise<Answer | null>
  /** The response and its time. Null while the request runs. */
  answered: { given: Answer; atMs: number; bytes: number } | null
}

/**
 * Caches the requests whose responses have not arrived: running requests, and requests whose
 * connection ended before the response was written or was reset after it. A response has arrived
 * once the next request comes on its connection or the connection is closed normally. The response
 * of each original is returned to one retry, and may be lost again. `monotonic` is a clock in
 * milliseconds that never fails, since completed work must get its response.
 */
export function cacheUndelivered(
  server: Server,
  { db, monotonic }: { db: Pick<Database, 'epochs' | 'look'>; monotonic: () => number },
  limits: UndeliveredLimits = LIMITS,
): UndeliveredAnswer {
  const open = openOriginals()
  const cached = cacheAnswers(monotonic, limits, open.remove)
  const wires = watchWires(server, {
    arrived: (original) => {
      cached.delete(original)
    },
    lost: (original) => {
      if (cached.has(original)) open.add(original)
    },
  })
  let turn = 0

  const repeated = async (name: string, before: number): Promise<Answer | null> => {
    // Finds out whether this is still the database that contains the work of the original.
    if (open.isKnown(name, before)) await db.look()
    for (;;) {
      cached.expire()
      const original = open.take(name, before)
      if (original === null) return null
      cached.delete(original)
      if (original.epoch !== db.epochs.current()) continue
      const given = original.answered?.given ?? (await original.outcome)
      if (given !== null) return given
    }
  }
  return async (asked, work) => {
    const { name, response } = asked
    const { promise: outcome, resolve } = Promise.withResolvers<Answer | null>()
    const epoch = db.epochs.current()
    const own: Original = { name, epoch, turn, outcome, answered: null }
    turn += 1
    open.add(own)
    response.once('finish', () => {
      // If a retry has taken the response meanwhile, nobody else may get it.
      if (open.remove(own)) wires.sent(asked.request.socket, own)
    })
    try {
      const first = asked.isRetry ? await repeated(name, own.turn) : null
      const given = first ?? (await work())
      own.answered = { given, atMs: monotonic(), bytes: Buffer.byteLength(given.body) }
      if (open.has(own)) cached.add(own)
      resolve(given)
      return { ...given, isReplay: first !== null }
    } catch (error) {
      open.remove(own)
      resolve(null)
      throw error
    }
  }
}

/** Originals whose response a retry may get, by name. */
function openOriginals() {
  const byName = new Map<string, Set<Original>>()
  const remove = (original: Original): boolean => {
    const same = byName.get(original.name)
    const isOpen = same?.delete(original) ?? false
    if (same?.size === 0) byName.delete(original.name)
    return isOpen
  }
  return {
    add: (original: Original) => {
      const same = byName.get(original.name)
      if (same === undefined) byName.set(original.name, new Set([original]))
      else same.add(original)
    },
    has: (original: Original) => byName.get(original.name)?.has(original) ?? false,
    isKnown: (name: string, before: number) =>
      [...(byName.get(name) ?? [])].some(({ turn }) => turn < before),
    remove,
    /** Returns an original that came before `turn`, preferably one with a response. */
    take: (name: string, turn: number): Original | null => {
      const before = [...(byName.get(name) ?? [])].filter((original) => original.turn < turn)
      const taken = before.find(({ answered }) => answered !== null) ?? before[0] ?? null
      if (taken !== null) remove(taken)
      return taken
    },
  }
}

/** Cached responses in the order of their creation. If one does not fit, the oldest are dropped. */
function cacheAnswers(
  monotonic: () => number,
  limits: UndeliveredLimits,
  onDrop: (original: Original) => unknown,
) {
  const cached: Cache<Original, Original> = createCache({
    max: limits.answers,
    maxBytes: limits.bytes,
    bytesOf: ({ answered }) => answered?.bytes ?? 0,
    onDrop,
  })
  /** Drops responses that are too old. */
  const expire = () => {
    const now = monotonic()
    for (let next = cached.oldest(); next !== undefined; next = cached.oldest()) {
      const [original] = next
      if (now - (original.answered?.atMs ?? now) < RETRIED_MS) return
      cached.delete(original)
      onDrop(original)
    }
  }
  return {
    add: (original: Original) => {
      cached.set(original, original)
      // Without this, expired responses would occupy space until the next retry comes.
      expire()
      // A response larger than the whole space counts as delivered.
      if (cached.peek(original) === undefined) onDrop(original)
    },
    has: (original: Original) => cached.peek(original) !== undefined,
    delete: (original: Original) => cached.delete(original),
    expire,
  }
}

type Fates = { arrived(original: Original): void; lost(original: Original): void }

/** Reports for written responses whether they have arrived. */
function watchWires(server: Server, fates: Fates) {
  const watched = new WeakMap<Socket, Set<Original>>()
  const settle = (socket: Socket, fate: (original: Original) => void) => {
    const sent = watched.get(socket)
    if (sent === undefined || sent.size === 0) return
    for (const original of sent) fate(original)
    sent.clear()
  }
  // This runs before the handler of the request. If requests are pipelined, the response to an
  // earlier one may not be written yet. It is not in `sent` then, so nothing is known of it yet.
  server.prependListener('request', ({ socket }: IncomingMessage) => settle(socket, fates.arrived))

  const watch = (socket: Socket): Set<Original> => {
    const sent = new Set<Original>()
    watched.set(socket, sent)
    socket.once('end', () => settle(socket, fates.arrived))
    socket.once('close', (isReset: boolean) => settle(socket, isReset ? fates.lost : fates.arrived))
    return sent
  }
  return {
    sent: (socket: Socket, original: Original) => {
      const sent = watched.get(socket) ?? watch(socket)
      sent.add(original)
    },
  }
}
