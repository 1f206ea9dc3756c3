import type { CatalogUse } from '../catalog/index.ts'
import { valuesGranted } from './store.ts'

/** What the catalog must know about promotional entitlements: the enum values that they use. */
export const promotionalUse: Pick<CatalogUse, 'valuesGranted'> = {
  valuesGranted: (reader, _, query) => valuesGranted(reader, query),
}
