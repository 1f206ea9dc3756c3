import type { PromotionalEntitlementInput } from '../contract.gen.ts'
import { createdRange } from '../kernel/created-range.ts'
import { pageRequest } from '../kernel/page.ts'
import { wholeUnits } from '../kernel/quantity.ts'
import type { Handlers } from '../operation.ts'
import { grantPromotionals, revokePromotional } from './promotional-commands.ts'
import * as queries from './queries.ts'
import type { SourceLoader } from './source-port.ts'
import type { PromotionalInput } from './types.ts'
import { entitlementsToWire, promotionalToWire } from './wire.ts'

const promotionalFromWire = (wire: PromotionalEntitlementInput): PromotionalInput => ({
  featureId: wire.featureId,
  period: wire.period,
  // The first whole millisecond that is no earlier.
  customEndDate:
    wire.customEndDate === null ? null : createdRange({ gte: wire.customEndDate }).from,
  limit: wire.usageLimit === null ? null : wholeUnits(wire.usageLimit),
  isUnlimited: wire.hasUnlimitedUsage ?? false,
  isSoft: wire.hasSoftLimit ?? false,
  enumValues: wire.enumValues ?? [],
  isVisible: wire.isVisible ?? true,
  resetPeriod: wire.resetPeriod,
  accordingTo: {
    YEAR: wire.yearlyResetPeriodConfiguration?.accordingTo ?? null,
    MONTH: wire.monthlyResetPeriodConfiguration?.accordingTo ?? null,
    WEEK: wire.weeklyResetPeriodConfiguration?.accordingTo ?? null,
  },
})

type Entitlements =
  | 'v1.customers.retrieveEntitlements'
  | 'v1.customers.promotionalEntitlements.create'
  | 'v1.customers.promotionalEntitlements.list'
  | 'v1.customers.promotionalEntitlements.revoke'

/** The operations on what customers may use, over all that can grant something. */
export const entitlementsHandlers = (loaders: readonly SourceLoader[]): Handlers<Entitlements> => ({
  'v1.customers.retrieveEntitlements': async ({ params, query }, call) => {
    const asking = { ...whose(params, query), loaders }
    return { data: entitlementsToWire(await queries.listEntitlements(call, asking)) }
  },
  'v1.customers.promotionalEntitlements.create': async ({ params, body }, call) => {
    const customer = { customerId: params.id, loaders }
    const inputs = body.promotionalEntitlements.map(promotionalFromWire)
    const { granted, now } = await grantPromotionals(call, customer, inputs)
    const of = { scope: call.scope, isArchived: false, now }
    return { data: granted.map((grant) => promotionalToWire(grant, of)) }
  },
  'v1.customers.promotionalEntitlements.list': async ({ params, query }, call) => {
    const { data, pagination, ...of } = await queries.listPromotional(call, {
      customerId: params.id,
      statuses: query.status ?? null,
      created: createdRange(query.createdAt),
      page: pageRequest(query),
    })
    const { scope } = call
    return { data: data.map((grant) => promotionalToWire(grant, { scope, ...of })), pagination }
  },
  'v1.customers.promotionalEntitlements.revoke': async ({ params }, call) => {
    const customer = { customerId: params.id, loaders }
    const { granted, now } = await revokePromotional(call, customer, params.featureId)
    return { data: promotionalToWire(granted, { scope: call.scope, isArchived: false, now }) }
  },
})

const whose = (params: { id: string }, query: { resourceId?: string | undefined }) => ({
  customerId: params.id,
  resourceId: query.resourceId ?? null,
})
