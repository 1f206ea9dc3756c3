/** Runs work of one key one at a time, in the order of arrival, and other keys beside it. */
export type KeyedMutex = <T>(key: string, work: () => Promise<T>) => Promise<T>

export type KeyedMutexOptions = {
  /** How long work waits for its start, in milliseconds; without end unless given. */
  waitMs?: number
  /** The error of work that has waited too long, or finds the queue of its key full. */
  rejection: () => Error
}

/** Waiting work of one key; one more is rejected at once. */
const WAITING_LIMIT = 1000

/**
 * A mutex within this process. Writers of one thing wait in it instead of each holding a database
 * connection while it waits for a row lock. The locks in the database stay what makes the writes
 * correct.
 */
export function createKeyedMutex({ waitMs, rejection }: KeyedMutexOptions): KeyedMutex {
  /** The starts of waiting work, for each key whose work runs. */
  const queues = new Map<string, Set<() => void>>()

  const lock = (key: string): Promise<void> | undefined => {
    const queue = queues.get(key)
    if (queue === undefined) {
      queues.set(key, new Set())
      return
    }
    if (queue.size >= WAITING_LIMIT) throw rejection()
    return new Promise((resolve, reject) => {
      const start = () => {
        clearTimeout(timer)
        resolve()
      }
      const giveUp = () => {
        queue.delete(start)
        reject(rejection())
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
