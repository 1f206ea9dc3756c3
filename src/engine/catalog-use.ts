import type { CatalogUse } from '../catalog/index.ts'
import { isCounted } from '../metering/totals/index.ts'

/** What the catalog must know about usage: whether a feature has any. */
export const usageUse: Pick<CatalogUse, 'isCounted'> = { isCounted }
