/** Executes a request. A retry first waits for the earlier requests of the same name. */
export type RequestOrder = <T>(
  asked: { name: string; isRetry: boolean },
  work: () => Promise<T>,
) => Promise<T>

/** Knows the running requests of this process. Their number is that of its callers. */
export function createRequestOrder(): RequestOrder {
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
