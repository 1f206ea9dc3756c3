import type { TestContext } from 'node:test'
import type { Arbitrary } from 'fast-check'
import fc from 'fast-check'
import { seedOf } from '../support/random.ts'

/**
 * How long a failing history is shortened, in milliseconds. Each try is a whole history in a new
 * environment, so this is enough for some hundred.
 */
const SHRINKING_MS = 120_000

/** Tests a property with `rounds` values. Fails with a short value that violates it. */
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
