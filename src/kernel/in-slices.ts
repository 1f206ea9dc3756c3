/** How long a long computation may block the event loop, in milliseconds. */
const SLICE_MS = 3

/** Lets other requests run if the time slice is over. */
export type Pause = () => Promise<void>

/** Long computations whose slice is over, in the order in which they continue. */
const waiting: (() => void)[] = []

/**
 * Waits for the next time slice. All long computations share the slices: only one of them continues
 * each time that the event loop has served others. If each of twenty took its 3 ms, everybody else
 * would wait for 60 ms.
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

/** Returns a function to call often within a long computation. It lets others run every 3 ms. */
export function createPause(): Pause {
  let begunAt = performance.now()
  return async () => {
    if (performance.now() - begunAt < SLICE_MS) return
    await nextSlice()
    begunAt = performance.now()
  }
}

/** Returns `items.map(of)`, computed in time slices. */
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
