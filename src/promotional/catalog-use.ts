import type { CatalogUse } from '../catalog/index.ts'
import { valuesGranted } from './store.ts'

/** What the catalog has to know of promotional entitlements: which values they have. */
export const promotionalUse: Pick<CatalogUse, 'valuesGranted'> = {
  valuesGranted: (reader, _, asked) => valuesGranted(reader, asked),
}
