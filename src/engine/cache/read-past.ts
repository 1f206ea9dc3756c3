import type { Reader } from '../../db/index.ts'
import { type EntitlementReads, type EntitlementThen, resolve } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { type CustomerMeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import type { HoldingOf } from './cache-entitlements.ts'

/** What a customer, or a resource of it, held of a feature at an instant that was asked for. */
export type HeldThenOf = (metered: CustomerMeterSubject, at: Instant) => EntitlementThen

export type ReadPast = (
  reader: Reader,
  asked: readonly (CustomerMeterSubject & { at: Instant })[],
  holdingOf: HoldingOf,
) => Promise<HeldThenOf>

const nameOf = (
  { customerKey, featureKey, resourceKey }: CustomerMeterSubject,
  at: Instant,
): string => `${customerKey} ${featureKey} ${resourceKey} ${at}`

/**
 * Reads what was held at instants before the last end of a source. From then on the sources of now
 * tell it, so that seldom anything is read.
 */
export const pastBy =
  ({ readHeldThen }: EntitlementReads): ReadPast =>
  async (reader, asked, holdingOf) => {
    const unknown = asked.filter((each) => each.at >= 0 && each.at < holdingOf(each).endedAt)
    const wanted = unknown.map((each) => ({
      ...each,
      resourceKey: each.resourceKey === NO_RESOURCE ? null : each.resourceKey,
    }))
    const answers = await readHeldThen(reader, wanted)
    const found = new Map<string, EntitlementThen>()
    unknown.forEach((each, index) => {
      found.set(nameOf(each, each.at), required(answers[index], 'what was held'))
    })
    return (metered, at) => {
      const { sources } = holdingOf(metered)
      return found.get(nameOf(metered, at)) ?? { sources, resolution: resolve(sources, at) }
    }
  }
