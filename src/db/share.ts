import { type ApiError, tooManyRequests, unavailable } from '../kernel/errors.ts'

/** Who reads, and when it has left. */
export type HeavyRead = { caller: string; signal: AbortSignal }

export type ShareBounds = {
  /** Places in all, and of one caller. */
  all(): number
  perCaller(): number
  /** How many may wait, in all and of one caller, and for how many milliseconds. */
  waiting: number
  waitingPerCaller: number
  waitMs: number
}

/** Places that are few, so that whoever needs none is not in their way. */
export type Share = {
  /**
   * Does the work in a place, in the order of arrival among those who may have one. 429 for whom
   * its own places are in the way, 503 where all are taken; and what `callerLeft` makes for who is
   * gone.
   */
  hold<T>(reading: HeavyRead, work: () => Promise<T>): Promise<T>
  counts(): { running: number; waiting: number }
}

const RETRY_AFTER = { 'retry-after': '1' }

/** For the log alone: nobody is there to be answered. */
export const callerLeft = (): ApiError => unavailable('the caller has left')

type Waiter = { caller: string; begin: () => void; refuse: (refusal: ApiError) => void }

export function createShare(bounds: ShareBounds): Share {
  const running = new Map<string, number>()
  let total = 0
  const queue = new Set<Waiter>()

  const ofCaller = (caller: string) => running.get(caller) ?? 0
  const isFull = (caller: string) => ofCaller(caller) >= bounds.perCaller()
  const mayRun = (caller: string) => total < bounds.all() && !isFull(caller)
  const take = (caller: string) => {
    total += 1
    running.set(caller, ofCaller(caller) + 1)
  }
  const give = (caller: string) => {
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

  /** Resolves in a place. */
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
          take(caller)
          resolve()
        },
        refuse: (refusal) => {
          leave()
          reject(refusal)
        },
      }
      const abandon = () => waiter.refuse(callerLeft())
      const timer = setTimeout(() => waiter.refuse(refusalOf(caller)), bounds.waitMs)
      signal.addEventListener('abort', abandon)
      queue.add(waiter)
    })

  const waitsOf = (caller: string) => [...queue].filter((each) => each.caller === caller).length

  return {
    hold: async (reading, work) => {
      const { caller, signal } = reading
      if (signal.aborted) throw callerLeft()
      if (mayRun(caller)) take(caller)
      else if (queue.size >= bounds.waiting || waitsOf(caller) >= bounds.waitingPerCaller)
        throw refusalOf(caller)
      else await wait(reading)
      try {
        return await work()
      } finally {
        give(caller)
      }
    },
    counts: () => ({ running: total, waiting: queue.size }),
  }
}
