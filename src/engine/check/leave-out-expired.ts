import { counterName, type Kept } from '../../budgets/index.ts'
import type { Hold } from '../../metering/reservations/index.ts'

/** What is kept of budgets without what has expired and nobody has noted yet. */
export function withoutExpired(
  { counters, holds }: Kept,
  expired: readonly Pick<Hold, 'amount' | 'postings'>[],
): Kept {
  if (expired.length === 0) return { counters, holds }
  const left = new Map(holds)
  for (const { amount, postings } of expired)
    for (const { window, ...of } of postings) {
      const name = counterName(of, window)
      const held = left.get(name)
      if (held !== undefined) left.set(name, held - amount)
    }
  return { counters, holds: left }
}
