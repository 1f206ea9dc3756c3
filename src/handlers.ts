import { auditHandlers } from './audit/index.ts'
import { type CatalogUse, catalogHandlers, NOBODY_LEANS } from './catalog/index.ts'
import { customersHandlers } from './customers/index.ts'
import { budgetHandlers, governanceHandlers, isBudgeted } from './governance/index.ts'
import type { Handlers } from './operation.ts'

const catalogUse: CatalogUse = {
  ...NOBODY_LEANS,
  isBudgeted: (reader, _, featureKey) => isBudgeted(reader, featureKey),
}

/** Every operation of the contract. One that is missing or unknown does not compile. */
export const handlers: Handlers = {
  ...auditHandlers,
  ...catalogHandlers(catalogUse),
  ...customersHandlers,
  ...governanceHandlers,
  ...budgetHandlers,
}
