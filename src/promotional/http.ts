import type {
  PromotionalEntitlementInput,
  PromotionalEntitlementUpdateRequestBody,
} from '../api.gen.ts'
import { accordingToFromWire, limitFromWire } from '../catalog/features/index.ts'
import type { EntitlementPublisher } from '../entitlements/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { createdRange } from '../kernel/created-range.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Call, Handlers } from '../operation.ts'
import {
  grantPromotionals,
  type PromotionalCall,
  revokePromotional,
  updatePromotional,
} from './commands.ts'
import * as queries from './queries.ts'
import type { PromotionalChange, PromotionalInput } from './types.ts'
import { promotionalToWire } from './wire.ts'

/** Rounds up to a whole millisecond. */
const endFromWire = (wire: string | null): Instant | null =>
  wire === null ? null : createdRange({ gte: wire }).from

const promotionalFromWire = (wire: PromotionalEntitlementInput): PromotionalInput => ({
  featureId: wire.featureId,
  period: wire.period,
  customEndDate: endFromWire(wire.customEndDate),
  limit: limitFromWire(wire.usageLimit),
  isUnlimited: wire.hasUnlimitedUsage ?? false,
  isSoft: wire.hasSoftLimit ?? false,
  enumValues: wire.enumValues ?? [],
  isVisible: wire.isVisible ?? true,
  resetPeriod: wire.resetPeriod ?? null,
  accordingTo: accordingToFromWire(wire),
})

const changeFromWire = (wire: PromotionalEntitlementUpdateRequestBody): PromotionalChange => ({
  period: wire.period,
  customEndDate: wire.customEndDate === undefined ? undefined : endFromWire(wire.customEndDate),
  limit: limitFromWire(wire.usageLimit),
  isUnlimited: wire.hasUnlimitedUsage,
  isSoft: wire.hasSoftLimit,
  enumValues: wire.enumValues,
  isVisible: wire.isVisible,
  resetPeriod: wire.resetPeriod,
  accordingTo: accordingToFromWire(wire),
})

type Promotional =
  | 'v1.customers.promotionalEntitlements.create'
  | 'v1.customers.promotionalEntitlements.list'
  | 'v1.customers.promotionalEntitlements.update'
  | 'v1.customers.promotionalEntitlements.revoke'

/** The operations on promotional entitlements. */
export const promotionalHandlers = (
  publishEntitlements: EntitlementPublisher,
): Handlers<Promotional> => {
  const callOf = (call: Call): PromotionalCall => ({ ...call, publishEntitlements })
  return {
    'v1.customers.promotionalEntitlements.create': async ({ params, body }, call) => {
      const inputs = body.promotionalEntitlements.map(promotionalFromWire)
      const { result, now } = await grantPromotionals(callOf(call), params.id, inputs)
      const of = { scope: call.scope, isArchived: false, now }
      return { data: result.map((each) => promotionalToWire(each, of)) }
    },
    'v1.customers.promotionalEntitlements.list': async ({ params, query }, call) => {
      const { isArchived, now, ...page } = await queries.listPromotional(call, {
        customerId: params.id,
        statuses: query.status ?? null,
        created: createdRange(query.createdAt),
        page: pageRequest(query),
      })
      const of = { scope: call.scope, isArchived, now }
      return pageToWire(page, (each) => promotionalToWire(each, of))
    },
    'v1.customers.promotionalEntitlements.update': async ({ params, body }, call) => {
      const query = { customerId: params.id, featureId: params.featureId }
      const { result, now } = await updatePromotional(callOf(call), query, changeFromWire(body))
      return { data: promotionalToWire(result, { scope: call.scope, isArchived: false, now }) }
    },
    'v1.customers.promotionalEntitlements.revoke': async ({ params }, call) => {
      const query = { customerId: params.id, featureId: params.featureId }
      const { result, now } = await revokePromotional(callOf(call), query)
      return { data: promotionalToWire(result, { scope: call.scope, isArchived: false, now }) }
    },
  }
}
