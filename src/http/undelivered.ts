import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Database, Epoch } from '../db/index.ts'
import type { Answer, AnswerResult } from '../idempotency/index.ts'
import { type Cache, createCache } from '../kernel/cache.ts'

/** How long after its answer a request may be sent again, in milliseconds. */
export const RETRIED_MS = 2 * 60_000

/** Answers that are kept at once, and their bytes. What does not fit counts as delivered. */
export type UndeliveredLimits = { answers: number; bytes: number }
const LIMITS: UndeliveredLimits = { answers: 10_000, bytes: 32 * 1024 * 1024 }

/** A request whose answer matters to those who send the same one again. */
export type UndeliveredQuery = {
  /** The same for the same caller, path and content alone. */
  name: string
  /** Whether the client says that it has sent the request before. */
  isRetry: boolean
  request: IncomingMessage
  response: ServerResponse
}

/** Does the work of a request, unless it repeats one whose answer did not arrive. */
export type UndeliveredAnswer = (
  asked: UndeliveredQuery,
  work: () => Promise<Answer>,
) => Promise<AnswerResult>

type Original = {
  readonly name: string
  /** What was done in another one may be lost: it stands for no repetition. */
  readonly epoch: Epoch
  /** In the order of arrival. */
  readonly turn: number
  /** What it was answered; null when it was refused. */
  readonly outcome: Promise<Answer | null>
  /** Since it was answered; null while it is under way. */
  answered: { given: Answer; atMs: number; bytes: number } | null
}

/**
 * Remembers the requests whose answers did not arrive: those under way, and those whose connection
 * ended before the answer was written, or was reset after it. An answer has arrived once the next
 * request comes on its connection, or once that is closed in order. Each original stands for one
 * repetition; what that is answered may be lost again. `monotonic`: a clock in milliseconds that
 * always tells the time, since what is done has to be answered.
 */
export function rememberUndelivered(
  server: Server,
  { db, monotonic }: { db: Pick<Database, 'epochs' | 'look'>; monotonic: () => number },
  limits: UndeliveredLimits = LIMITS,
): UndeliveredAnswer {
  const open = openOriginals()
  const kept = keepAnswers(monotonic, limits, open.remove)
  const wires = watchWires(server, {
    arrived: (original) => {
      kept.delete(original)
    },
    lost: (original) => {
      if (kept.has(original)) open.add(original)
    },
  })
  let turn = 0

  const repeated = async (name: string, before: number): Promise<Answer | null> => {
    // Whether the database is still the one that has what was answered is asked of itself.
    if (open.isKnown(name, before)) await db.look()
    for (;;) {
      kept.expire()
      const original = open.take(name, before)
      if (original === null) return null
      kept.delete(original)
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
      // Whoever has repeated it meanwhile has the answer; nobody else is to get it.
      if (open.remove(own)) wires.sent(asked.request.socket, own)
    })
    try {
      const first = asked.isRetry ? await repeated(name, own.turn) : null
      const given = first ?? (await work())
      own.answered = { given, atMs: monotonic(), bytes: Buffer.byteLength(given.body) }
      if (open.has(own)) kept.add(own)
      resolve(given)
      return { ...given, isReplay: first !== null }
    } catch (error) {
      open.remove(own)
      resolve(null)
      throw error
    }
  }
}

/** Originals that a repetition may stand for, by their names. */
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
    /** The one that is answered if there is one, of those that came before `turn`. */
    take: (name: string, turn: number): Original | null => {
      const before = [...(byName.get(name) ?? [])].filter((original) => original.turn < turn)
      const taken = before.find(({ answered }) => answered !== null) ?? before[0] ?? null
      if (taken !== null) remove(taken)
      return taken
    },
  }
}

/** Answers in the order in which they were given. The oldest make room. */
function keepAnswers(
  monotonic: () => number,
  limits: UndeliveredLimits,
  onDrop: (original: Original) => unknown,
) {
  const kept: Cache<Original, Original> = createCache({
    max: limits.answers,
    maxBytes: limits.bytes,
    bytesOf: ({ answered }) => answered?.bytes ?? 0,
    onDrop,
  })
  /** Drops what was answered too long ago. */
  const expire = () => {
    const now = monotonic()
    for (let next = kept.oldest(); next !== undefined; next = kept.oldest()) {
      const [original] = next
      if (now - (original.answered?.atMs ?? now) < RETRIED_MS) return
      kept.delete(original)
      onDrop(original)
    }
  }
  return {
    add: (original: Original) => {
      kept.set(original, original)
      // Also where nobody ever asks again: else all of the room would stay in use.
      expire()
      // An answer that is larger than all of the room counts as delivered.
      if (kept.peek(original) === undefined) onDrop(original)
    },
    has: (original: Original) => kept.peek(original) !== undefined,
    delete: (original: Original) => kept.delete(original),
    expire,
  }
}

type Fates = { arrived(original: Original): void; lost(original: Original): void }

/** Tells of answers that were written whether they have arrived. */
function watchWires(server: Server, fates: Fates) {
  const watched = new WeakMap<Socket, Set<Original>>()
  const settle = (socket: Socket, fate: (original: Original) => void) => {
    const sent = watched.get(socket)
    if (sent === undefined || sent.size === 0) return
    for (const original of sent) fate(original)
    sent.clear()
  }
  // Before the request's own handler runs. An answer to one that is sent ahead of it is not
  // written yet, and goes on waiting.
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
