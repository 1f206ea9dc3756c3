/** Lets work of one name run one at a time in this process, in the order of arrival. */
export type OneAtATime = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** Waiters of one name before the next one is late at once. */
const WAITING_LIMIT = 1000

/** `late` makes the error of whoever has waited for longer than `waitMs`, or is one too many. */
export function createOneAtATime(waitMs: number, late: () => Error): OneAtATime {
  /** Who waits behind the work of a name that runs. */
  const waiting = new Map<string, Set<() => void>>()

  const turn = (name: string): Promise<void> | undefined => {
    const queue = waiting.get(name)
    if (queue === undefined) {
      waiting.set(name, new Set())
      return
    }
    if (queue.size >= WAITING_LIMIT) throw late()
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        queue.delete(begin)
        reject(late())
      }, waitMs)
      queue.add(begin)
    })
  }
  const passOn = (name: string) => {
    const queue = waiting.get(name)
    const [next] = queue ?? []
    if (next === undefined) waiting.delete(name)
    else {
      queue?.delete(next)
      next()
    }
  }

  return async (name, work) => {
    await turn(name)
    try {
      return await work()
    } finally {
      passOn(name)
    }
  }
}
