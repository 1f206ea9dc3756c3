/** The maximum number of concurrent reads. A delay of one of them does not stop the other. */
const READS = 2

/**
 * Reads what one query asks for, in one statement with the queries that other callers make in the
 * same turn of the event loop.
 */
export type SharedRead<Query, Answer> = (query: Query) => Promise<Answer>

type PendingQuery<Query, Answer> = {
  query: Query
  /** How many callers made this query. */
  times: number
  answer: PromiseWithResolvers<Answer>
}

/**
 * Collects queries until the next read begins: at the end of the turn of the event loop, or when a
 * running read has ended. So a result is never older than its query, and a single query does not
 * wait for others. Queries with the same name are read once. A read has at most `most` queries.
 */
export function shareReads<Query, Answer>(
  read: (queries: readonly Query[]) => Promise<readonly Answer[]>,
  options: {
    nameOf: (query: Query) => string
    most: number
    /** Called with the number of queries of each read. */
    onRead?: (queries: number) => void
  },
): SharedRead<Query, Answer> {
  const { nameOf, most, onRead } = options
  const waiting = new Map<string, PendingQuery<Query, Answer>>()
  let running = 0
  let isScheduled = false
  const start = () => {
    isScheduled = false
    while (running < READS && waiting.size > 0) {
      const next = [...waiting].slice(0, most)
      for (const [name] of next) waiting.delete(name)
      void run(next.map(([, each]) => each))
    }
  }
  const run = async (next: readonly PendingQuery<Query, Answer>[]) => {
    running += 1
    onRead?.(next.reduce((sum, { times }) => sum + times, 0))
    try {
      const answers = await read(next.map(({ query }) => query))
      next.forEach(({ answer }, index) => {
        answer.resolve(answers[index] as Answer)
      })
    } catch (error) {
      for (const { answer } of next) answer.reject(error)
    }
    running -= 1
    start()
  }
  return (query) => {
    const name = nameOf(query)
    const same = waiting.get(name)
    if (same !== undefined) {
      same.times += 1
      return same.answer.promise
    }
    const answer = Promise.withResolvers<Answer>()
    waiting.set(name, { query, times: 1, answer })
    if (!isScheduled && running < READS) {
      isScheduled = true
      setImmediate(start)
    }
    return answer.promise
  }
}
