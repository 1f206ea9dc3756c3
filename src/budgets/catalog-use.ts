import type { CatalogUse } from '../catalog/index.ts'
import { isBudgeted } from './budget-store.ts'

/** Implements the catalog's port: which features have budgets. */
export const budgetsUse: Pick<CatalogUse, 'isBudgeted'> = {
  isBudgeted: (reader, _, featureKey) => isBudgeted(reader, featureKey),
}
