import type { CatalogUse } from '../../catalog-use.ts'
import { packagesWithCurrency, packagesWithFeature, valuesOfPackages } from './use-store.ts'

/** What the catalog must know about packages before it changes features and currencies. */
export const packagesUse: Pick<
  CatalogUse,
  'packagesWithFeature' | 'packagesWithCurrency' | 'valuesGranted'
> = {
  packagesWithFeature,
  packagesWithCurrency,
  valuesGranted: (reader, _, query) => valuesOfPackages(reader, query),
}
