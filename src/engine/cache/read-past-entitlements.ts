import type { Reader } from '../../db/index.ts'
import type { EntitlementReads, ReadGiven, ResolvedSources } from '../../entitlements/index.ts'
import { resolve } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import { type CustomerMeterSubject, NO_RESOURCE } from '../../metering/index.ts'
import type { EntitlementOf } from './cache-entitlements.ts'

/** The entitlement of a customer or a resource to a feature at a past instant. */
export type PastEntitlementOf = (subject: CustomerMeterSubject, at: Instant) => ResolvedSources

export type ReadPastEntitlements = (
  reader: Reader,
  subjects: readonly (CustomerMeterSubject & { at: Instant })[],
  entitlementOf: EntitlementOf,
) => Promise<PastEntitlementOf>

const nameOf = (
  { customerKey, featureKey, resourceKey }: CustomerMeterSubject,
  at: Instant,
): string => `${customerKey} ${featureKey} ${resourceKey} ${at}`

/**
 * Reads past entitlements. If no source has ended since the past instant, the current sources
 * include all sources of that instant. So a statement is rarely needed.
 */
export const readPastEntitlements =
  (
    { readEffectiveEntitlementsAt }: EntitlementReads,
    known: { readGiven: ReadGiven },
  ): ReadPastEntitlements =>
  async (reader, subjects, entitlementOf) => {
    const missing = subjects.filter(
      (subject) => subject.at >= 0 && subject.at < entitlementOf(subject).endedAt,
    )
    const queries = missing.map((subject) => ({
      ...subject,
      resourceKey: subject.resourceKey === NO_RESOURCE ? null : subject.resourceKey,
    }))
    const entitlements = await readEffectiveEntitlementsAt(reader, queries, known)
    const found = new Map<string, ResolvedSources>()
    missing.forEach((subject, index) => {
      found.set(nameOf(subject, subject.at), required(entitlements[index], 'a past entitlement'))
    })
    return (subject, at) => {
      const { sources, changesAt } = entitlementOf(subject)
      const then = found.get(nameOf(subject, at))
      return then ?? { sources, resolution: resolve(sources, at), changesAt }
    }
  }
