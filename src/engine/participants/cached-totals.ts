import type { Instant } from '../../kernel/clock.ts'
import type { MeterSubject, WindowTotal } from '../../metering/index.ts'

/** Approximate memory, in bytes: of the totals of a subject, and of each of its windows. */
const TOTALS_BYTES = 300
const WINDOW_BYTES = 500

/** The totals of a subject: of all windows that end after `from`, and perhaps of earlier ones. */
export type TotalsFrom = { from: Instant; totals: readonly WindowTotal[] }

/** The cached window totals of one customer. */
export class CachedTotals {
  readonly #totals = new Map<string, TotalsFrom>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Returns totals that are complete from an instant; undefined if they are not cached. */
  find(meter: MeterSubject, from: Instant): TotalsFrom | undefined {
    const known = this.#totals.get(nameOf(meter))
    return known !== undefined && known.from <= from ? known : undefined
  }

  put(meter: MeterSubject, totals: TotalsFrom): void {
    const name = nameOf(meter)
    const before = this.#totals.get(name)
    if (before !== undefined) this.#bytes -= bytesOf(before)
    this.#bytes += bytesOf(totals)
    this.#totals.set(name, totals)
  }
}

const nameOf = ({ featureKey, resourceKey }: MeterSubject): string => `${featureKey} ${resourceKey}`

const bytesOf = ({ totals }: TotalsFrom): number => TOTALS_BYTES + totals.length * WINDOW_BYTES
