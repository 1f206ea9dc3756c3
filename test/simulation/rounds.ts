import type { TestContext } from 'node:test'
import type { Arbitrary } from 'fast-check'
import fc from 'fast-check'
import { seedOf } from '../support/random.ts'

/**
 * For how long a failure is made shorter, in milliseconds: each try is a whole history on a fresh
 * environment, and the shortest of some hundred will do.
 */
const SHRINKING_MS = 120_000

/** Tries what must hold for `rounds` values; fails with a short one that it does not hold for. */
export async function holds<T>(
  t: TestContext,
  { rounds, values }: { rounds: number; values: Arbitrary<T> },
  law: (value: T) => Promise<void>,
): Promise<void> {
  let end = Number.POSITIVE_INFINITY
  const property = fc.asyncProperty(values, async (value) => {
    if (performance.now() > end) return
    try {
      await law(value)
    } catch (error) {
      end = Math.min(end, performance.now() + SHRINKING_MS)
      throw error
    }
  })
  await fc.assert(property, { numRuns: rounds, seed: seedOf(t) })
}
