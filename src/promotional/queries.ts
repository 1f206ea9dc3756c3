import type { PromotionalEntitlementStatus } from '../api.gen.ts'
import { requireStatus } from '../customers/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { CreatedRange } from '../kernel/created-range.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import { statusInForce } from './status.ts'
import * as promotionalStore from './store.ts'
import type { PromotionalEntitlement } from './types.ts'

/** A page of promotional entitlements, with what their status depends on. */
export type PromotionalPage = Page<PromotionalEntitlement> & { isArchived: boolean; now: Instant }

/** Returns a customer's promotional entitlements, newest first. 404 `CustomerNotFound`. */
export async function listPromotional(
  { app, scope }: Call,
  query: {
    customerId: string
    statuses: readonly PromotionalEntitlementStatus[] | null
    created: CreatedRange
    page: PageRequest
  },
): Promise<PromotionalPage> {
  const { read } = app.db
  const { key, archivedAt } = await requireStatus(read, scope, query.customerId)
  const now = app.clock.now()
  const isArchived = archivedAt !== null
  const filter = { ...query, inForce: statusInForce(isArchived), now }
  const page = await promotionalStore.listPromotional(read, key, filter)
  return { ...page, isArchived, now }
}
