/** How long one thing may keep everybody else from being served, in milliseconds. */
const SLICE_MS = 3

/** Lets others be served when it is their turn. */
export type Pause = () => Promise<void>

/** Long works that have had a slice, in the order in which they go on. */
const waiting: (() => void)[] = []

/**
 * Waits for the next slice. Of all long works together one goes on each time that others were
 * served: if each of twenty took its 3 ms, everybody else would wait for 60.
 */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(goOn)
  })
}

function goOn(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(goOn)
}

/** To be called again and again in a long work; lets others be served every 3 ms. */
export function createPause(): Pause {
  let begunAt = performance.now()
  return async () => {
    if (performance.now() - begunAt < SLICE_MS) return
    await nextSlice()
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
