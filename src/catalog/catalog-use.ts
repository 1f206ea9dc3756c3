import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { ApiError } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'

/** A plan or an add-on that grants a feature, or credits of a currency. */
export type PackageUse = { id: string; displayName: string; type: 'Plan' | 'Addon' }

/**
 * A port: what the catalog must know of the modules that refer to it, which it cannot import.
 * `handlers.ts` provides the answers. A command that changes a feature or a currency asks in its
 * transaction, with the row locked for update. A module that adds a reference locks the row for key
 * share (`holdFeatures`, `holdCurrencies`). So a new reference is either seen by the command or
 * waits for it. Subscriptions hold the whole catalog instead (`holdCatalog`).
 */
export type CatalogUse = {
  /** Packages whose draft or latest published version grants the feature; at most 100. */
  packagesWithFeature(reader: Reader, scope: Scope, featureKey: Uuid): Promise<PackageUse[]>
  /**
   * Whether subscriptions that have not ended give the feature. Their limits are in its transformed
   * units.
   */
  isSubscribed(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Whether plans, given by their keys, have subscriptions that have not ended. */
  areSubscribed(reader: Reader, planKeys: readonly Uuid[]): Promise<boolean>
  /** Whether plans, given by their keys, ever had subscriptions. */
  wereSold(reader: Reader, planKeys: readonly Uuid[]): Promise<boolean>
  /** Those of the values that something in force at `now` grants. */
  valuesGranted(
    reader: Reader,
    scope: Scope,
    asked: { featureKey: Uuid; values: readonly string[]; now: Instant },
  ): Promise<string[]>
  /**
   * Whether usage of the feature was ever counted or is held. The first usage of a feature also
   * locks its row.
   */
  isCounted(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Whether entities have budgets of the feature. Its usage must then be a sum. */
  isBudgeted(reader: Reader, scope: Scope, featureKey: Uuid): Promise<boolean>
  /** Active packages that grant credits of the currency, by id; at most 1,000. */
  packagesWithCurrency(reader: Reader, scope: Scope, currencyKey: Uuid): Promise<PackageUse[]>
}

/** Returns the names for a message, shortened if there are many. */
export const summarize = (names: readonly string[]): string =>
  names.length > SHOWN_LIMIT
    ? `${names.slice(0, SHOWN_LIMIT).join(', ')} and ${names.length - SHOWN_LIMIT} more`
    : names.join(', ')

const SHOWN_LIMIT = 10

/** Throws what `refusal` makes of the words "granted by the packages …", if there are packages. */
export function refuseGranted(
  packages: readonly PackageUse[],
  refusal: (granted: string) => ApiError,
): void {
  if (packages.length > 0)
    throw refusal(`granted by the packages ${summarize(packages.map(({ id }) => id))}`)
}
