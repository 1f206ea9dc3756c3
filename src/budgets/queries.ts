import { findCurrenciesByKey } from '../catalog/currencies/index.ts'
import { findFeaturesByKey } from '../catalog/features/index.ts'
import { findCustomerKey, findInstant, requireCustomer } from '../customers/index.ts'
import { entityExists, findEntities } from '../entities/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import { inQuery } from '../kernel/field.ts'
import { foldCase } from '../kernel/fold-case.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Page, PageRequest } from '../kernel/page.ts'
import type { Quantity } from '../kernel/quantity.ts'
import type { Call } from '../operation.ts'
import * as store from './budget-store.ts'
import { fitPage } from './fit-page.ts'
import {
  type CapabilityFilter,
  type CapabilityWithId,
  findCapabilities,
} from './read-capabilities.ts'
import { cursorFromWire, cursorToWire } from './tree-cursor.ts'
import * as tree from './tree-store.ts'
import type { Assignment, AssignmentWithId, Capability, TreeRow } from './types.ts'

/**
 * Returns a customer's budgets, newest first, including those of archived entities. An unknown
 * entity or capability has none. 404 `CustomerNotFound`.
 */
export async function listAssignments(
  call: Call,
  query: {
    customerId: string
    entityId: string | null
    capability: CapabilityFilter | null
    page: PageRequest
  },
): Promise<Page<AssignmentWithId>> {
  const { customerId, entityId, capability, page } = query
  const reader = call.app.db.read
  const customerKey = await requireCustomer(reader, call.scope, customerId)
  const entities = entityId === null ? [] : await findEntities(reader, customerKey, [entityId])
  const asked = capability && (await findCapabilities(call, [capability]))
  const filter = {
    entity: entityId === null ? null : { key: entities?.[0]?.key ?? null },
    capabilityKeys: asked === null ? null : asked.map(({ key }) => key),
    page,
  }
  const { data, pagination } = await store.listAssignments(reader, customerKey, filter)
  return { data: await withIds(call, data), pagination }
}

async function withIds(
  { app }: Call,
  assignments: readonly Assignment[],
): Promise<AssignmentWithId[]> {
  const keysOf = (kind: Capability['kind']) =>
    assignments.filter((each) => each.capability.kind === kind).map((each) => each.capability.key)
  const [features, currencies] = await Promise.all([
    findFeaturesByKey(app.db.read, keysOf('feature')),
    findCurrenciesByKey(app.db.read, keysOf('currency')),
  ])
  const ids = new Map([...features, ...currencies].map(({ key, id }) => [key, id]))
  return assignments.map((each) => ({
    ...each,
    capabilityId: required(ids.get(each.capability.key), 'what a budget is of'),
  }))
}

/** A query of the tree. Null values do not filter. */
export type TreeQuery = {
  customerId: string
  /** Null: entities instead of budgets. */
  capabilities: readonly CapabilityFilter[] | null
  typeIds: readonly string[] | null
  search: string | null
  scope: tree.BudgetsPage['scope']
  minUtilization: Quantity | null
  sortBy: tree.TreeSort
  order: tree.TreePage['order']
  after: string | null
  limit: number
}

export type TreeAnswer = {
  rows: readonly TreeRow[]
  next: string | null
  capabilities: ReadonlyMap<Uuid, CapabilityWithId>
  now: Instant
}

/**
 * Returns a page of a customer's tree: its active entities, or their budgets of some capabilities
 * with their current usage. Empty for an unknown customer. 400 for a cursor of another query.
 */
export async function readTree(call: Call, query: TreeQuery): Promise<TreeAnswer> {
  const { app, scope } = call
  const reader = app.db.read
  const { customerId, capabilities: asked, after: cursor, limit, ...choice } = query
  const question = [
    customerId,
    asked,
    choice.typeIds,
    choice.search,
    choice.scope,
    choice.minUtilization?.toString(),
    choice.sortBy,
    choice.order,
  ]
  const after = cursor === null ? null : cursorFromWire(cursor, question)
  const customerKey = await findCustomerKey(reader, scope, customerId)
  if (customerKey === null)
    return { rows: [], next: null, capabilities: new Map(), now: app.clock.now() }
  const now = await findInstant(reader, customerKey, app.clock.now())
  const exists = asked === null ? entityExists : store.assignmentExists
  if (after !== null && !(await exists(reader, customerKey, after.key)))
    throw badInput(inQuery('after'), 'after is not a valid cursor of this list')
  const found = asked && (await findCapabilities(call, asked))
  const page = {
    ...choice,
    customerKey,
    search: choice.search && foldCase(choice.search),
    after,
    limit,
  }
  const rows =
    found !== null
      ? await tree.listTreeBudgets(reader, { ...page, capabilities: found, now })
      : // Rows of entities have no scope and no usage to filter by.
        choice.scope === 'scoped' || choice.minUtilization !== null
        ? []
        : await tree.listTreeEntities(reader, page)
  const shown = fitPage(rows.slice(0, limit), bytesOfScope)
  const last = rows.length > shown.length ? shown.at(-1) : undefined
  return {
    rows: shown,
    next:
      last === undefined ? null : cursorToWire({ key: last.key, value: last.sortValue }, question),
    capabilities: new Map((found ?? []).map((each) => [each.key, each])),
    now,
  }
}

/** Scopes make rows long: up to a hundred entities with ids of up to a kilobyte. */
const bytesOfScope = ({ budget }: TreeRow): number =>
  Buffer.byteLength(JSON.stringify(budget?.scopeEntityIds ?? []))
