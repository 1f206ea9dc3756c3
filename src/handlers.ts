import { accessHandlers } from './access/index.ts'
import { auditHandlers } from './audit/index.ts'
import { entityTreeHandlers } from './budgets/entity-tree/index.ts'
import { budgetHistoryHandlers } from './budgets/history/index.ts'
import { budgetHandlers, budgetsUse } from './budgets/index.ts'
import { rankedBudgetHandlers } from './budgets/ranking/index.ts'
import { currencyHandlers } from './catalog/currencies/index.ts'
import { catalogHandlers } from './catalog/document/index.ts'
import { featureHandlers } from './catalog/features/index.ts'
import type { CatalogUse } from './catalog/index.ts'
import { packageEntitlementHandlers, packagesUse } from './catalog/packages/entitlements/index.ts'
import { addonHandlers, planHandlers } from './catalog/packages/index.ts'
import { productHandlers } from './catalog/products/index.ts'
import { customersHandlers } from './customers/index.ts'
import { createDecisionRecorder, decisionHandlers } from './decisions/index.ts'
import {
  archivePublisher,
  createEngineContext,
  entitlementPublisher,
  publisherOfMany,
  usageHandlers,
} from './engine/http/index.ts'
import { usageUse } from './engine/index.ts'
import { releaseWhenArchived } from './engine/reservations/index.ts'
import { entityHandlers } from './entities/index.ts'
import type { Handlers } from './operation.ts'
import { promotionalHandlers, promotionalUse } from './promotional/index.ts'
import { reportingHandlers } from './reporting/index.ts'
import { searchHandlers } from './search/index.ts'
import { entitlements } from './sources.ts'
import { endSubscriptions, subscriptionHandlers, subscriptionsUse } from './subscriptions/index.ts'
import { taskHandlers } from './tasks/index.ts'

const catalogUse: CatalogUse = {
  ...usageUse,
  ...budgetsUse,
  ...packagesUse,
  ...subscriptionsUse,
  valuesGranted: async (...query) => [
    ...new Set([
      ...(await promotionalUse.valuesGranted(...query)),
      ...(await packagesUse.valuesGranted(...query)),
    ]),
  ],
}

/** What all servers of this process use to decide, each with its own database. */
export const engine = createEngineContext(entitlements)

/** How modules with sources of entitlements publish what a customer has after a change. */
export const publishEntitlements = entitlementPublisher(entitlements)

/** How tasks publish what customers have after a change, one customer after the other. */
export const publisherInTask = publisherOfMany(engine)

/** What all servers of this process note of their decisions, each for its own database. */
export const decisions = createDecisionRecorder()

/** The operations on the objects of a catalog, of which the catalog as a whole consists. */
const catalog = {
  ...featureHandlers(catalogUse),
  ...currencyHandlers(catalogUse),
  ...productHandlers(catalogUse),
  ...planHandlers,
  ...addonHandlers,
}

/** Every operation of the API document. A missing or unknown operation does not compile. */
export const handlers: Handlers = {
  ...accessHandlers,
  ...auditHandlers,
  ...catalog,
  ...catalogHandlers(catalog),
  ...packageEntitlementHandlers,
  ...customersHandlers([releaseWhenArchived, endSubscriptions, archivePublisher(entitlements)]),
  ...promotionalHandlers(publishEntitlements),
  ...subscriptionHandlers(publishEntitlements),
  ...entityHandlers,
  ...budgetHandlers,
  ...entityTreeHandlers,
  ...budgetHistoryHandlers,
  ...rankedBudgetHandlers,
  ...usageHandlers(engine, decisions),
  ...decisionHandlers(decisions),
  ...reportingHandlers(decisions),
  ...searchHandlers,
  ...taskHandlers,
}
