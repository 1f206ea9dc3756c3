import type { CatalogUse } from '../../src/catalog/index.ts'

/** The answers of a port of the catalog to which nothing refers. */
export const NO_REFERENCES: CatalogUse = {
  packagesWithFeature: async () => [],
  isSubscribed: async () => false,
  areSubscribed: async () => false,
  wereSold: async () => false,
  valuesGranted: async () => [],
  isCounted: async () => false,
  isBudgeted: async () => false,
  packagesWithCurrency: async () => [],
}
