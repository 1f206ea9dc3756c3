import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** A plan or an add-on that grants a feature, or credits of a currency. */
export type PackageUse = { id: string; displayName: string; type: 'Plan' | 'Addon' }

/**
 * What the catalog has to know of the modules that lean on it, which it cannot import; the
 * composition root fills it. For a change, each is asked in the transaction of the change, with the
 * row locked: whoever leans holds it (`holdFeatures`, `holdCurrencies`), and so is either seen or
 * waits for the change.
 */
export type CatalogUse = {
  /** Packages of which a draft or the latest published version grants the feature; at most 100. */
  packagesWithFeature(reader: Reader, scope: Scope, featureKey: Uuid): Promise<PackageUse[]>
  /** Whether active subscriptions have the feature, whose limits are in its transformed units. */
  isSubscribed(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Those of the values that something in force at `now` grants. */
  valuesGranted(
    reader: Reader,
    scope: Scope,
    asked: { featureKey: Uuid; values: readonly string[]; now: Instant },
  ): Promise<string[]>
  /**
   * Whether any usage of the feature was ever counted or is held. Who counts for the first time
   * holds the row, too.
   */
  isCounted(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Whether entities have budgets of the feature, whose usage must be a sum for that. */
  isBudgeted(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Active packages that grant credits of the currency, by id; at most 1,000. */
  packagesWithCurrency(reader: Reader, scope: Scope, currencyKey: Uuid): Promise<PackageUse[]>
}

/** Names for a message, which stays short however many there are. */
export const summarize = (names: readonly string[]): string =>
  names.length > SHOWN_LIMIT
    ? `${names.slice(0, SHOWN_LIMIT).join(', ')} and ${names.length - SHOWN_LIMIT} more`
    : names.join(', ')

const SHOWN_LIMIT = 10

/** As long as no module grants anything. */
export const NO_REFERENCES: CatalogUse = {
  packagesWithFeature: async () => [],
  isSubscribed: async () => false,
  valuesGranted: async () => [],
  isCounted: async () => false,
  isBudgeted: async () => false,
  packagesWithCurrency: async () => [],
}
