import { unavailable } from '../kernel/errors.ts'

/** Waiters of one name before the next one is refused. */
const WAITING_LIMIT = 1000

export type Turns = { take<T>(name: string, work: () => Promise<T>): Promise<T> }

/**
 * Lets work of one name run one at a time, in the order of arrival, and other names beside it. It
 * keeps the writers of one hot customer from holding every connection while they wait for its lock;
 * the lock in the database stays what makes them correct. 503 when the queue of a name is full.
 */
export function createTurns(): Turns {
  const queues = new Map<string, { last: Promise<unknown>; length: number }>()
  return {
    take: async (name, work) => {
      const queue = queues.get(name) ?? { last: Promise.resolve(), length: 0 }
      if (queue.length >= WAITING_LIMIT) throw unavailable('too many writes of one customer wait')
      queue.length += 1
      queues.set(name, queue)
      const mine = queue.last.then(work, work)
      queue.last = mine.catch(() => {})
      try {
        return await mine
      } finally {
        queue.length -= 1
        if (queue.length === 0) queues.delete(name)
      }
    },
  }
}
