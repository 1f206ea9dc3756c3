import type { TestContext } from 'node:test'

export type Random = {
  /** Returns a whole number from 0 to `limit` - 1. */
  below(limit: number): number
  shuffled<T>(items: readonly T[]): T[]
}

/** Returns `BURSAR_TEST_SEED`, or a new seed. The result of the test shows it. */
export function seedOf(t: TestContext): number {
  const seed = Number(process.env.BURSAR_TEST_SEED ?? Date.now() % 1_000_000)
  t.diagnostic(`BURSAR_TEST_SEED=${seed}`)
  return seed
}

/** Returns random numbers (mulberry32). The same seed and name give the same numbers. */
export function randomFrom(seed: number, name: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(name + 1, 0x85ebca6b)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    const once = Math.imul(state ^ (state >>> 15), state | 1)
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61))
    return ((twice ^ (twice >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    shuffled: (items) => {
      const order = [...items]
      for (let last = order.length - 1; last > 0; last -= 1) {
        const other = below(last + 1)
        const [a, b] = [order[last], order[other]]
        if (a !== undefined && b !== undefined) {
          order[last] = b
          order[other] = a
        }
      }
      return order
    },
  }
}
