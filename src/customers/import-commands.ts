import type { Tx } from '../db/index.ts'
import { assert } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { ApiError, badInput, notFound } from '../kernel/errors.ts'
import { type Field, inBody } from '../kernel/field.ts'
import { tooMuchTogether } from '../kernel/metadata.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import { newCustomer } from './change-customer.ts'
import { type Change, newLinks, requireLinked, save } from './customer-change.ts'
import * as store from './customer-store.ts'
import { claimIds } from './directory-store.ts'
import { refuseArchived } from './find-customer.ts'
import { importRow, isStale, linksOfRow, refuseRepeatedRows } from './import-row.ts'
import * as integrationStore from './integration-store.ts'
import type { Customer, ImportRow, ImportTargets, Integration, LinkInput } from './types.ts'
import { isBillingVendor } from './vendors.ts'

/**
 * Registered for the first customer with a Salesforce id, if the environment has no such
 * integration.
 */
const SALESFORCE: Integration = { id: 'salesforce', vendor: 'SALESFORCE' }

/**
 * Creates and updates customers, all or none, and returns the ids that were created, in request
 * order. `integrationId` is the billing integration of the rows: 404 `IntegrationNotFound`, or
 * `VendorIsNotSupported` if it does not bill. 400 `FailedToImportCustomer` for an invalid row, and
 * `EntityIsArchivedError`. For Salesforce, the same 400 and 404 as `requireIntegrations`.
 * 400 if the metadata of all customers together is too large.
 */
export async function importCustomers(
  call: Call,
  rows: readonly ImportRow[],
  integrationId: string | null,
): Promise<string[]> {
  const { app } = call
  const work = async (tx: Tx) => {
    const createdAt = app.clock.now()
    const blanks = rows.map(({ id }) =>
      newCustomer(id, { key: app.ids.next(createdAt), now: createdAt }),
    )
    const { found, targets } = await load(tx, call, { blanks, integrationId })
    const now = app.clock.now()
    const plans = blanks.flatMap((blank, index) =>
      planOf({ blank, found: found.get(blank.id), index, row: rows[index], targets }),
    )
    refuseRepeatedRows(rows)
    await requireLinked(tx, { ...call, now }, distinctLinks(plans), () => inBody('customers'))
    const changes = plans.flatMap((plan) => changeOf(plan, { call, targets, now }))
    await save(tx, { ...call, now }, changes)
    return changes.filter(({ isNew }) => isNew).map(({ after }) => after.id)
  }
  return app.db.transaction(work)
}

type ImportContext = { found: ReadonlyMap<string, Customer>; targets: ImportTargets }

/** Claims the free ids, locks the customers that have the others, and reads those. */
async function load(
  tx: Tx,
  { scope }: Call,
  wanted: { blanks: readonly Customer[]; integrationId: string | null },
): Promise<ImportContext> {
  const { blanks, integrationId } = wanted
  const ids = blanks.map(({ id }) => id)
  const claims = blanks.map(({ id, key }) => ({ id, customerKey: key }))
  // A statement sees what was committed before it began. The third one begins after the second one
  // has locked the customers, so it reads their latest state.
  const [claimed, , found, salesforce, named] = await Promise.all([
    claimIds(tx, scope, { kind: store.KIND, claims }),
    store.lockCustomers(tx, scope, ids),
    store.findCustomers(tx, scope, ids),
    integrationStore.findOldestIntegration(tx, scope, SALESFORCE.vendor),
    integrationId === null ? [] : integrationStore.findIntegrations(tx, scope, [integrationId]),
  ])
  if (found === null) throw tooMuchTogether('customers')
  assert(claimed + found.length === new Set(ids).size, 'an id was free, or is that of a customer')
  return {
    found: new Map(found.map((customer) => [customer.id, customer])),
    targets: {
      billing: integrationId === null ? null : billingIntegration(integrationId, named[0]),
      salesforce: salesforce ?? SALESFORCE,
    },
  }
}

const INTEGRATION = inBody('integrationId')

/** 404 as the `integrationId` of `importCustomers`. */
export async function requireBillingIntegration(tx: Tx, scope: Scope, id: string): Promise<void> {
  const [found] = await integrationStore.findIntegrations(tx, scope, [id])
  billingIntegration(id, found)
}

function billingIntegration(id: string, found: Integration | undefined): Integration {
  if (found === undefined)
    throw notFound(INTEGRATION, 'IntegrationNotFound', `integrationId: integration ${id} not found`)
  if (!isBillingVendor(found.vendor))
    throw notFound(
      INTEGRATION,
      'VendorIsNotSupported',
      `integrationId: ${found.vendor} is not a billing vendor`,
    )
  return found
}

type Plan = {
  row: ImportRow
  index: number
  before: Customer
  isNew: boolean
  stated: readonly LinkInput[]
}

/** Returns the plan for a row, or nothing if the row is stale. 400 if the customer is archived. */
function planOf(from: {
  row: ImportRow | undefined
  index: number
  blank: Customer
  found: Customer | undefined
  targets: ImportTargets
}): Plan[] {
  const { row, index, blank, found, targets } = from
  const before = found ?? blank
  assert(row !== undefined, 'every row has a blank')
  if (found !== undefined && isStale(found, row)) return []
  const field = inBody('customers', index)
  withRowInError({ field, id: row.id }, () => refuseArchived(before, inBody('id')))
  return [
    { row, index, before, isNew: found === undefined, stated: linksOfRow(before, row, targets) },
  ]
}

/** Returns the change of a plan, or nothing if the customer is already as the row says. */
function changeOf(plan: Plan, at: { call: Call; targets: ImportTargets; now: Instant }): Change[] {
  const { row, index, before, isNew, stated } = plan
  const now = isNew ? before.createdAt : at.now
  const links = newLinks(at.call, stated, now)
  const after = withRowInError({ field: inBody('customers', index), id: row.id }, () =>
    importRow(before, row, { targets: at.targets, links, now }),
  )
  if (isNew) return [{ before, after, event: 'customer.created', isNew }]
  return after === before ? [] : [{ before, after, event: 'customer.updated' }]
}

/** The links of all plans, one per integration. */
const distinctLinks = (plans: readonly Plan[]): LinkInput[] => [
  ...new Map(
    plans.flatMap(({ stated }) => stated.map((link) => [link.integrationId, link] as const)),
  ).values(),
]

/** Adds the row to an error: to its message and, if a row has such a field, to its field. */
function withRowInError<T>(row: { field: Field; id: string }, take: () => T): T {
  try {
    return take()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const isArchived = error.code === 'EntityIsArchivedError'
    const name = error.field?.pointer ?? ''
    throw badInput(
      ['id', 'metadata'].includes(name) ? row.field.at(name) : row.field,
      `${row.field.of(row.id)}: ${error.message}`,
      isArchived ? 'EntityIsArchivedError' : 'FailedToImportCustomer',
    )
  }
}
