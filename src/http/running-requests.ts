/** Does the work of a request by a name; that of a retry after those before it have ended. */
export type UnderWay = <T>(
  asked: { name: string; isRetry: boolean },
  work: () => Promise<T>,
) => Promise<T>

/** Knows the requests that are at work in this process, which are as many as there are callers. */
export function createUnderWay(): UnderWay {
  const byName = new Map<string, Set<Promise<void>>>()
  return async ({ name, isRetry }, work) => {
    const same = byName.get(name) ?? new Set()
    const before = isRetry ? [...same] : []
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    byName.set(name, same.add(ended))
    try {
      await Promise.all(before)
      return await work()
    } finally {
      resolve()
      same.delete(ended)
      if (same.size === 0) byName.delete(name)
    }
  }
}
