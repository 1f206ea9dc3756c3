import type { CatalogUse } from '../catalog/index.ts'
import { isBudgeted } from './budget-store.ts'

/** What the catalog has to know of budgets: which features they add up. */
export const budgetsUse: Pick<CatalogUse, 'isBudgeted'> = {
  isBudgeted: (reader, _, featureKey) => isBudgeted(reader, featureKey),
}
