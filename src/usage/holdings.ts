import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Window } from '../kernel/period.ts'
import type { Scope } from '../kernel/scope.ts'

/** A customer, or one of its resources, in so far as it holds features. */
export type Holder = { customerKey: Uuid; resourceKey: Uuid }

/** What a holder was given, of all times: whoever asks says when. */
export type Holdings = {
  /** Whether anything at all is held. */
  isAnyAt(now: Instant): boolean
  /** The windows in which usage of a feature counts by what is held of it now; null if nothing. */
  windowsAt(featureKey: Uuid, now: Instant): ((at: Instant) => Window) | null
}

/** Reads what holders hold, in their order. One statement. */
export type ReadHoldings = (
  reader: Reader,
  scope: Scope,
  holders: readonly Holder[],
  now: Instant,
) => Promise<Holdings[]>
