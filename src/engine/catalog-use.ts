import type { CatalogUse } from '../catalog/index.ts'
import { isCounted } from '../metering/totals/index.ts'

/** What the catalog has to know of usage: of which features there is any. */
export const usageUse: Pick<CatalogUse, 'isCounted'> = { isCounted }
