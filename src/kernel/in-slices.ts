/** How long a long computation may block the event loop, in milliseconds. */
const SLICE_MS = 3

/** If the time slice is over, lets other work run before it resolves. */
export type Pause = () => Promise<void>

/**
 * A turn of the event loop has time left if its other work took less than this, in milliseconds.
 */
const ROOM_MS = 1
/** The maximum time that a slice waits for a turn with time left, in milliseconds. */
const LONGEST_WAIT_MS = 20

/** Long computations whose slice is over, in the order in which they continue. */
const waiting: (() => void)[] = []
let isScheduled = false
let hasRun = false
let sliceEndedAt = 0
let turnBegunAt = 0

/**
 * Waits for the next time slice. All long computations share the slices. One of them continues
 * after a turn of the event loop whose other work was short, and in any case after 20 ms. If one
 * continued in each turn, a busy event loop would have no time for requests, and these would queue.
 */
export function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (!isScheduled) schedule()
  })
}

/** Both run in the same turn of the event loop. `endTurn` runs after the slice of `beginSlice`. */
function schedule(): void {
  isScheduled = true
  setImmediate(beginSlice)
  setImmediate(endTurn)
}

function beginSlice(): void {
  const now = performance.now()
  hasRun = now - turnBegunAt < ROOM_MS || now - sliceEndedAt > LONGEST_WAIT_MS
  if (hasRun) waiting.shift()?.()
}

function endTurn(): void {
  turnBegunAt = performance.now()
  if (hasRun) sliceEndedAt = turnBegunAt
  isScheduled = false
  if (waiting.length > 0) schedule()
}

/** Returns a function for a long computation to call often. It lets other work run every 3 ms. */
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
  const results: U[] = []
  let begunAt = performance.now()
  for (let index = 0; index < items.length; index += 1) {
    results.push(of(items[index] as T, index))
    // Awaiting a pause after each item would take as long as decoding a small row.
    if (performance.now() - begunAt < SLICE_MS) continue
    await nextSlice()
    begunAt = performance.now()
  }
  return results
}
