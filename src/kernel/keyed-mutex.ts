/**
 * Runs the work of each key one at a time, in the order of arrival. Different keys run in parallel.
 */
export type KeyedMutex = <T>(key: string, work: () => Promise<T>) => Promise<T>

export type KeyedMutexOptions = {
  /** How long work may wait for its start, in milliseconds. Unlimited by default. */
  waitMs?: number
  /** Creates the error for work that has waited too long or whose queue is full. */
  refusal: () => Error
}

/** The maximum amount of waiting work per key. One more is refused at once. */
const WAITING_LIMIT = 1000

/**
 * Returns a mutex within this process. Without it, each writer of one object would occupy a
 * database connection while it waits for a row lock. Correctness depends on the locks in the
 * database, not on this mutex.
 */
export function createKeyedMutex({ waitMs, refusal }: KeyedMutexOptions): KeyedMutex {
  /** The start functions of waiting work, for each key with running work. */
  const queues = new Map<string, Set<() => void>>()

  const lock = (key: string): Promise<void> | undefined => {
    const queue = queues.get(key)
    if (queue === undefined) {
      queues.set(key, new Set())
      return
    }
    if (queue.size >= WAITING_LIMIT) throw refusal()
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const giveUp = () => {
        queue.delete(start)
        reject(refusal())
      }
      const timer = waitMs === undefined ? undefined : setTimeout(giveUp, waitMs)
      queue.add(start)
    })
  }
  const unlock = (key: string) => {
    const queue = queues.get(key)
    const [next] = queue ?? []
    if (next === undefined) queues.delete(key)
    else {
      queue?.delete(next)
      next()
    }
  }

  return async (key, work) => {
    await lock(key)
    try {
      return await work()
    } finally {
      unlock(key)
    }
  }
}
