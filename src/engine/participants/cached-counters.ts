import type { Threshold } from '../../budgets/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Quantity } from '../../kernel/quantity.ts'

/** Approximate memory of a counter, in bytes. */
const COUNTER_BYTES = 250

/** The stored usage of a budget in a window, and the amount that reservations hold in it. */
export type Counter = {
  usage: Quantity
  held: Quantity
  /** When the latest SET occurred. null: there was none. undefined: not read yet. */
  setAt: Instant | null | undefined
  /** The thresholds that it has crossed; undefined: not read yet. */
  crossed: readonly Threshold[] | undefined
}

/** The cached counters of one customer, by `counterName`. A counter that is not stored is 0. */
export class CachedCounters {
  readonly #counters = new Map<string, Counter>()

  get bytes(): number {
    return this.#counters.size * COUNTER_BYTES
  }

  get(name: string): Counter | undefined {
    return this.#counters.get(name)
  }

  put(name: string, counter: Counter): void {
    this.#counters.set(name, counter)
  }
}
