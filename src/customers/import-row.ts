import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { changeCustomer } from './change-customer.ts'
import { paymentMethodCalled } from './payment-method.ts'
import type { Customer, ImportRow, ImportTargets, Integration, Link, LinkInput } from './types.ts'

/** Refuses (400 `FailedToImportCustomer`) an id that stands twice: which wins is unknowable. */
export function refuseRepeatedRows(rows: readonly Pick<ImportRow, 'id'>[]): void {
  const firstAt = new Map<string, number>()
  rows.forEach(({ id }, index) => {
    const first = firstAt.get(id)
    if (first !== undefined)
      throw badInput(
        `customers[${index}] (${id}): duplicate id, also at customers[${first}]`,
        'FailedToImportCustomer',
      )
    firstAt.set(id, index)
  })
}

/** Whether the customer was changed here after what the row says was true. */
export const isStale = (before: Customer, { staleFrom }: ImportRow): boolean =>
  staleFrom !== null && before.updatedAt >= staleFrom

/** The links that a row asks for. A record that is cleared is only forgotten where there is one. */
export function linksOfRow(
  before: Customer,
  row: ImportRow,
  { billing, salesforce }: ImportTargets,
): LinkInput[] {
  const linked = before.links.find(({ vendor }) => vendor === 'SALESFORCE')
  const ownSalesforce = linked && { id: linked.integrationId, vendor: linked.vendor }
  return [
    linkOfRow(before, billing, row.billingId),
    linkOfRow(before, ownSalesforce ?? salesforce, row.salesforceId),
  ].filter((link) => link !== null)
}

function linkOfRow(
  before: Customer,
  integration: Integration | null,
  syncedEntityId: string | null | undefined,
): LinkInput | null {
  if (integration === null || syncedEntityId === undefined) return null
  const isLinked = before.links.some(({ integrationId }) => integrationId === integration.id)
  if (syncedEntityId === null && !isLinked) return null
  return { integrationId: integration.id, vendor: integration.vendor, syncedEntityId }
}

/**
 * A customer after a row of an import: itself when nothing differs. `links` are those of
 * `linksOfRow`, each as it is if it is new; 400 as `changeCustomer`.
 */
export function importRow(
  before: Customer,
  row: ImportRow,
  at: { targets: ImportTargets; links: readonly Link[]; now: Instant },
): Customer {
  const { name, email, metadata, paymentMethodId } = row
  const input = {
    name,
    email,
    metadata,
    // What the request's integration says of the customer is said by its link.
    billingId: at.targets.billing === null ? row.billingId : undefined,
    defaultPaymentMethod:
      paymentMethodId === undefined
        ? undefined
        : paymentMethodCalled(paymentMethodId, before.defaultPaymentMethod),
  }
  return changeCustomer(before, input, at)
}
