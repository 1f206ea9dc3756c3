import type { CatalogUse } from '../catalog/index.ts'
import { isCounted } from '../metering/totals/index.ts'

/** Implements the catalog's port: whether a feature has any usage. */
export const usageUse: Pick<CatalogUse, 'isCounted'> = { isCounted }
