/** What a process remembers, up to a number of things; it may forget any of them at any time. */
export type Memory<V> = {
  get(name: string): V | undefined
  set(name: string, value: V): void
}

/** Forgets everything when it is full: what is asked for again is looked up again. */
export function createMemory<V>(limit: number): Memory<V> {
  const remembered = new Map<string, V>()
  return {
    get: (name) => remembered.get(name),
    set: (name, value) => {
      if (remembered.size >= limit) remembered.clear()
      remembered.set(name, value)
    },
  }
}
