import { type ApiError, tooManyRequests, unavailable } from '../kernel/errors.ts'

/** The caller of a heavy read. The signal aborts when the caller disconnects. */
export type HeavyRead = { caller: string; signal: AbortSignal }

export type ShareBounds = {
  /** How many heavy reads may run at once: in total, and per caller. */
  all(): number
  perCaller(): number
  /** How many may wait: in total, and per caller. */
  waiting: number
  waitingPerCaller: number
  /** How long each may wait, in milliseconds. */
  waitMs: number
  /**
   * For how long a place stays empty between two heavy reads if others wait, as a fraction of the
   * duration of the first one.
   */
  pause: number
}

/** Limits how many heavy reads run at once, so that connections stay free for other work. */
export type Share = {
  /**
   * Runs the work when fewer than the allowed number of heavy reads run. Callers who are below
   * their own limit get their turn in order of arrival. If the wait or the queue is too long: 429
   * if the caller's own limit is reached, otherwise 503. Throws `callerDisconnected()` if the
   * caller disconnects while it waits.
   */
  run<T>(reading: HeavyRead, work: () => Promise<T>): Promise<T>
  counts(): { running: number; waiting: number }
}

const RETRY_AFTER = { 'retry-after': '1' }

/** Appears only in the log, because nobody receives the response. */
export const callerDisconnected = (): ApiError => unavailable('the caller has disconnected')

type Waiter = { caller: string; begin: () => void; refuse: (refusal: ApiError) => void }

export function createShare(bounds: ShareBounds): Share {
  const running = new Map<string, number>()
  let total = 0
  const queue = new Set<Waiter>()

  const ofCaller = (caller: string) => running.get(caller) ?? 0
  const isFull = (caller: string) => ofCaller(caller) >= bounds.perCaller()
  const mayRun = (caller: string) => total < bounds.all() && !isFull(caller)
  const acquire = (caller: string) => {
    total += 1
    running.set(caller, ofCaller(caller) + 1)
  }
  const release = (caller: string) => {
    total -= 1
    const rest = ofCaller(caller) - 1
    if (rest > 0) running.set(caller, rest)
    else running.delete(caller)
    for (const waiter of queue) if (mayRun(waiter.caller)) waiter.begin()
  }
  const refusalOf = (caller: string) =>
    isFull(caller)
      ? tooManyRequests('too many heavy reads of one caller at once; try again', RETRY_AFTER)
      : unavailable('too many heavy reads at once; try again')

  /** Resolves when the read may run and has been counted. */
  const wait = ({ caller, signal }: HeavyRead): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(waiter)
        clearTimeout(timer)
        signal.removeEventListener('abort', abandon)
      }
      const waiter: Waiter = {
        caller,
        begin: () => {
          leave()
          acquire(caller)
          resolve()
        },
        refuse: (refusal) => {
          leave()
          reject(refusal)
        },
      }
      const abandon = () => waiter.refuse(callerDisconnected())
      const timer = setTimeout(() => waiter.refuse(refusalOf(caller)), bounds.waitMs)
      signal.addEventListener('abort', abandon)
      queue.add(waiter)
    })

  const waitsOf = (caller: string) => [...queue].filter((each) => each.caller === caller).length

  return {
    run: async (reading, work) => {
      const { caller, signal } = reading
      if (signal.aborted) throw callerDisconnected()
      if (mayRun(caller)) acquire(caller)
      else if (queue.size >= bounds.waiting || waitsOf(caller) >= bounds.waitingPerCaller)
        throw refusalOf(caller)
      else await wait(reading)
      const begunAt = performance.now()
      try {
        return await work()
      } finally {
        const pauseMs = queue.size === 0 ? 0 : bounds.pause * (performance.now() - begunAt)
        if (pauseMs === 0) release(caller)
        else setTimeout(() => release(caller), pauseMs).unref()
      }
    },
    counts: () => ({ running: total, waiting: queue.size }),
  }
}
