import { accessHandlers } from './access/index.ts'
import { auditHandlers } from './audit/index.ts'
import { catalogHandlers, NOBODY_LEANS } from './catalog/index.ts'
import { customersHandlers } from './customers/index.ts'
import { announceArchiving, entitlementsHandlers, promotionalUse } from './entitlements/index.ts'
import { budgetHandlers, budgetsUse, governanceHandlers } from './governance/index.ts'
import type { Handlers } from './operation.ts'
import { sources } from './sources.ts'
import { releaseWhenArchived, usageHandlers, usageUse } from './usage/index.ts'

/** Every operation of the contract. One that is missing or unknown does not compile. */
export const handlers: Handlers = {
  ...accessHandlers,
  ...auditHandlers,
  ...catalogHandlers({ ...NOBODY_LEANS, ...promotionalUse, ...usageUse, ...budgetsUse }),
  ...customersHandlers([releaseWhenArchived, announceArchiving(sources)]),
  ...entitlementsHandlers(sources),
  ...governanceHandlers,
  ...budgetHandlers,
  ...usageHandlers(sources),
}
