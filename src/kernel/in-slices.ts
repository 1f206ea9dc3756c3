/** How long one thing may keep everybody else from being served, in milliseconds. */
const SLICE_MS = 3

/** Lets others be served when it is their turn. */
export type Pause = () => Promise<void>

/** To be called again and again in a long work; lets others be served every 3 ms. */
export function createPause(): Pause {
  let begunAt = performance.now()
  return async () => {
    if (performance.now() - begunAt < SLICE_MS) return
    await new Promise(setImmediate)
    begunAt = performance.now()
  }
}

/** `items.map(of)` that lets others be served meanwhile. */
export async function mapInSlices<T, U>(
  items: readonly T[],
  of: (item: T, index: number) => U,
): Promise<U[]> {
  const pause = createPause()
  const results: U[] = []
  for (const [index, item] of items.entries()) {
    results.push(of(item, index))
    await pause()
  }
  return results
}
