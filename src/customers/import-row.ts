import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'
import { changeCustomer } from './change-customer.ts'
import { paymentMethodWithId } from './payment-method.ts'
import type { Customer, ImportRow, ImportTargets, Integration, Link, LinkInput } from './types.ts'

/**
 * 400 `FailedToImportCustomer` for a duplicate id, because it would be unclear which row counts.
 */
export function refuseRepeatedRows(rows: readonly Pick<ImportRow, 'id'>[]): void {
  const repeat = firstRepeat(rows.map(({ id }) => id))
  if (repeat !== null)
    throw badInput(
      inBody('customers', repeat.index, 'id'),
      `customers[${repeat.index}] (${repeat.value}): duplicate id, also at customers[${repeat.first}]`,
      'FailedToImportCustomer',
    )
}

/** Returns whether the customer was changed here after the row's data. */
export const isStale = (before: Customer, { staleFrom }: ImportRow): boolean =>
  staleFrom !== null && before.updatedAt >= staleFrom

/** Returns the links of a row. A cleared record only changes a link that exists. */
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
 * Returns the customer after a row of an import, or itself if nothing differs. `links` are those of
 * `linksOfRow` as new links. 400 as `changeCustomer`.
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
    // With a billing integration, the id is in the link instead.
    billingId: at.targets.billing === null ? row.billingId : undefined,
    defaultPaymentMethod:
      paymentMethodId === undefined
        ? undefined
        : paymentMethodWithId(paymentMethodId, before.defaultPaymentMethod),
  }
  return changeCustomer(before, input, at)
}
