import type {
  CustomerImportRow,
  CustomerIntegrationLink,
  CustomerUpdateRequestBody,
} from '../api.gen.ts'
import { createdRange } from '../kernel/created-range.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import { none } from '../kernel/patch.ts'
import type { Handlers } from '../operation.ts'
import type { ArchiveHook } from './customer-change.ts'
import * as customers from './customer-commands.ts'
import { importCustomers } from './import-commands.ts'
import * as links from './link-commands.ts'
import * as paymentMethods from './payment-method-commands.ts'
import * as queries from './queries.ts'
import type { CustomerInput, ImportRow, LinkInput } from './types.ts'
import { customerToWire, linkToWire, resourceToWire } from './wire.ts'

const linkFromWire = (wire: CustomerIntegrationLink): LinkInput => ({
  integrationId: wire.id,
  vendor: wire.vendorIdentifier,
  syncedEntityId: none(wire.syncedEntityId) ?? null,
})

/** The fields that creating and updating share. */
const customerFromWire = (wire: CustomerUpdateRequestBody): CustomerInput => ({
  name: none(wire.name),
  email: none(wire.email),
  billingId: none(wire.billingId),
  billingCurrency: wire.billingCurrency,
  couponId: none(wire.couponId),
  language: none(wire.language),
  timezone: none(wire.timezone),
  passthrough: wire.passthrough,
  metadata: wire.metadata,
  links: wire.integrations?.map(linkFromWire),
})

const rowFromWire = (wire: CustomerImportRow): ImportRow => ({
  id: wire.id,
  name: wire.name || null,
  email: wire.email ?? null,
  billingId: none(wire.billingId),
  paymentMethodId: none(wire.paymentMethodId),
  salesforceId: none(wire.salesforceId),
  metadata: wire.metadata,
  // The first instant after the row's `updatedAt`.
  staleFrom: wire.updatedAt === undefined ? null : createdRange({ gt: wire.updatedAt }).from,
})

type Customers =
  | 'v1.customers.provision'
  | 'v1.customers.retrieve'
  | 'v1.customers.update'
  | 'v1.customers.list'
  | 'v1.customers.archive'
  | 'v1.customers.unarchive'
  | 'v1.customers.import'
  | 'v1.customers.listResources'
  | 'v1.customers.paymentMethod.attach'
  | 'v1.customers.paymentMethod.detach'

/** The operations of customers. `whenArchived` are the hooks of other modules. */
export const customersHandlers = (
  whenArchived: readonly ArchiveHook[],
): Handlers<Customers | Links> => ({
  ...linksHandlers,
  'v1.customers.provision': async ({ body }, call) => {
    const { defaultPaymentMethod } = body
    const input = { ...customerFromWire(body), defaultPaymentMethod }
    return { data: customerToWire(await customers.provisionCustomer(call, body.id, input)) }
  },
  'v1.customers.retrieve': async ({ params }, call) => ({
    data: customerToWire(await queries.retrieveCustomer(call, params.id)),
  }),
  'v1.customers.update': async ({ params, body }, call) => ({
    data: customerToWire(await customers.updateCustomer(call, params.id, customerFromWire(body))),
  }),
  'v1.customers.list': async ({ query }, call) => {
    const page = await queries.listCustomers(call, {
      email: query.email ?? null,
      name: query.name ?? null,
      created: createdRange(query.createdAt),
      page: pageRequest(query),
    })
    return pageToWire(page, customerToWire)
  },
  'v1.customers.archive': async ({ params }, call) => ({
    data: customerToWire(await customers.archiveCustomer(call, params.id, whenArchived)),
  }),
  'v1.customers.unarchive': async ({ params }, call) => ({
    data: customerToWire(await customers.unarchiveCustomer(call, params.id, whenArchived)),
  }),
  'v1.customers.import': async ({ body }, call) => {
    const rows = body.customers.map(rowFromWire)
    return { data: { newCustomers: await importCustomers(call, rows, body.integrationId ?? null) } }
  },
  'v1.customers.listResources': async ({ params, query }, call) => {
    const page = await queries.listResources(call, {
      customerId: params.id,
      page: pageRequest(query),
    })
    return pageToWire(page, resourceToWire)
  },
  'v1.customers.paymentMethod.attach': async ({ params, body }, call) => {
    const { integrationId, vendorIdentifier: vendor, paymentMethodId, billingCurrency } = body
    const input = { integrationId, vendor, paymentMethodId, billingCurrency }
    const after = await paymentMethods.attachDefaultPaymentMethod(call, params.id, input)
    return { data: customerToWire(after) }
  },
  'v1.customers.paymentMethod.detach': async ({ params }, call) => ({
    data: customerToWire(await paymentMethods.detachDefaultPaymentMethod(call, params.id)),
  }),
})

type Links =
  | 'v1.customers.integrations.link'
  | 'v1.customers.integrations.retrieve'
  | 'v1.customers.integrations.update'
  | 'v1.customers.integrations.list'
  | 'v1.customers.integrations.unlink'

const linksHandlers: Handlers<Links> = {
  'v1.customers.integrations.link': async ({ params, body }, call) => ({
    data: linkToWire(await links.linkIntegration(call, params.id, linkFromWire(body))),
  }),
  'v1.customers.integrations.retrieve': async ({ params }, call) => ({
    data: linkToWire(
      await queries.retrieveLink(call, {
        customerId: params.id,
        integrationId: params.integrationId,
      }),
    ),
  }),
  'v1.customers.integrations.update': async ({ params, body }, call) => {
    const ids = { customerId: params.id, integrationId: params.integrationId }
    const syncedEntityId = none(body.syncedEntityId) ?? null
    return { data: linkToWire(await links.updateLink(call, ids, syncedEntityId)) }
  },
  'v1.customers.integrations.list': async ({ params, query }, call) => {
    const page = await queries.listLinks(call, {
      customerId: params.id,
      vendors: query.vendorIdentifier ?? null,
      page: pageRequest(query),
    })
    return pageToWire(page, linkToWire)
  },
  'v1.customers.integrations.unlink': async ({ params }, call) => ({
    data: linkToWire(
      await links.unlinkIntegration(call, {
        customerId: params.id,
        integrationId: params.integrationId,
      }),
    ),
  }),
}
