import type { Instant } from '../../../src/kernel/clock.ts'
import { inBody } from '../../../src/kernel/field.ts'
import { quantityFromWire } from '../../../src/kernel/quantity.ts'
import type { Budget, Capability, Customer, Entity, Outcome, Refusal, State } from './state.ts'
import { compare, hasActiveBelow, isSame, isTree } from './tree.ts'
import { isOpen } from './usage.ts'
import { spanOf } from './windows.ts'

const bad: Refusal = { status: 400, code: 'BadUserInput' }
const archived: Refusal = { status: 400, code: 'EntityIsArchivedError' }
const unknownCustomer: Refusal = { status: 404, code: 'CustomerNotFound' }

/** Returns the customer, or why it cannot be written to. */
export function writable(state: State, customerId: string): Customer | Refusal {
  const customer = state.customers.get(customerId)
  if (customer === undefined) return unknownCustomer
  return customer.archived ? archived : customer
}

export const isRefusal = (value: object): value is Refusal => 'status' in value

export function upsertTypes(
  state: State,
  types: readonly { id: string; attributionKeys: readonly string[] }[],
): Outcome<null> {
  for (const type of types) state.types.set(type.id, type)
  return { done: null }
}

export type EntityInput = { id: string; entityTypeId?: string }

/** Upserts entities. An archived one is restored. The type of an existing entity may change. */
export function upsertEntities(
  state: State,
  customerId: string,
  entities: readonly EntityInput[],
): Outcome<null> {
  const customer = writable(state, customerId)
  if (isRefusal(customer)) return { refused: [customer] }
  const isBad = entities.some(({ id, entityTypeId }) =>
    entityTypeId === undefined ? !customer.entities.has(id) : !state.types.has(entityTypeId),
  )
  if (isBad || hasTwice(entities.map(({ id }) => id))) return { refused: [bad] }
  for (const { id, entityTypeId } of entities) {
    const known = customer.entities.get(id)
    const typeId = entityTypeId ?? known?.typeId ?? ''
    const place = { placed: known?.placed ?? false, parentId: known?.parentId ?? null }
    customer.entities.set(id, { id, typeId, archived: false, ...place })
  }
  return { done: null }
}

/** Archives or unarchives entities. Entities below them do not change. */
export function setArchived(
  state: State,
  { customerId, ids, to }: { customerId: string; ids: readonly string[]; to: boolean },
): Outcome<null> {
  const customer = writable(state, customerId)
  if (isRefusal(customer)) return { refused: [customer] }
  const entities = ids.map((id) => customer.entities.get(id))
  if (entities.includes(undefined)) return { refused: [{ status: 404, code: null }] }
  for (const entity of entities) if (entity !== undefined) entity.archived = to
  return { done: null }
}

/** Archives a customer and releases its open reservations. Usage and budgets stay. */
export function archiveCustomer(state: State, customerId: string, now: Instant): Outcome<null> {
  const customer = state.customers.get(customerId)
  if (customer === undefined) return { refused: [unknownCustomer] }
  customer.archived = true
  for (const each of customer.reservations) if (isOpen(each, now)) each.status = 'released'
  return { done: null }
}

export function unarchiveCustomer(state: State, customerId: string): Outcome<null> {
  const customer = state.customers.get(customerId)
  if (customer === undefined) return { refused: [unknownCustomer] }
  customer.archived = false
  return { done: null }
}

export type BudgetInput = {
  entityId: string
  featureId?: string
  currencyId?: string
  scopeEntityIds?: readonly string[]
  usageLimit?: number | null
  cadence?: string
  parentId?: string | null
}

/** The result of a row. `parentId` is the parent after the whole request. */
export type BudgetAnswer = { budget: Budget; parentId: string | null }

/** Creates and changes budgets, and gives entities their positions: all rows or none. */
export function upsertBudgets(
  state: State,
  { customerId, rows, now }: { customerId: string; rows: readonly BudgetInput[]; now: Instant },
): Outcome<BudgetAnswer[]> {
  const customer = writable(state, customerId)
  const refused =
    rows.some(isMalformed) || hasTwice(rows.map(nameOf)) || hasTwoParents(rows) ? [bad] : []
  if (isRefusal(customer)) return { refused: [customer, ...refused] }
  refused.push(...rows.flatMap((row) => refusalsOf(state, customer, row)))
  if (refused.length > 0) return { refused }
  const before = new Map([...customer.entities].map(([id, entity]) => [id, { ...entity }]))
  const isMoved = rows.every((row) => place(customer, row, before.get(row.entityId)?.placed))
  if (!isMoved || !isTree(customer)) {
    customer.entities = before
    return { refused: [bad] }
  }
  return { done: rows.map((row) => writeBudget(state, customer, { row, now })) }
}

function capabilityOf(row: BudgetInput): Capability | null {
  const { featureId, currencyId } = row
  if (featureId !== undefined && currencyId === undefined) return { kind: 'feature', id: featureId }
  if (currencyId !== undefined && featureId === undefined)
    return { kind: 'currency', id: currencyId }
  return null
}

const scopeOf = (row: BudgetInput): string[] => [...new Set(row.scopeEntityIds)].sort(compare)

/** Entity, capability and scope identify a budget. The order in a scope does not matter. */
const nameOf = (row: BudgetInput): string =>
  JSON.stringify([row.entityId, capabilityOf(row), scopeOf(row)])

function budgetOf(customer: Customer, row: BudgetInput): Budget | undefined {
  const capability = capabilityOf(row)
  const scope = scopeOf(row).join()
  return customer.budgets.find(
    (budget) =>
      budget.entityId === row.entityId &&
      capability !== null &&
      isSame(budget.capability, capability) &&
      budget.scope.join() === scope,
  )
}

/** Returns whether a row is invalid, whatever the customer is. */
const isMalformed = (row: BudgetInput): boolean =>
  capabilityOf(row) === null ||
  (typeof row.usageLimit === 'number' && row.usageLimit < 0) ||
  (row.cadence !== undefined && spanOf(row.cadence) === null)

/** Returns why a row is refused, given the stored objects. */
function refusalsOf(state: State, customer: Customer, row: BudgetInput): Refusal[] {
  const known = budgetOf(customer, row)
  const isNew = known === undefined
  const values: (Refusal | null)[] = [
    capabilityRefusal(state, row),
    isNew && (row.usageLimit === undefined || row.cadence === undefined) ? bad : null,
  ]
  const entity = customer.entities.get(row.entityId)
  const isMove = row.parentId !== undefined && row.parentId !== entity?.parentId
  const references = [
    { id: row.entityId, isNew: isNew || isMove },
    ...(typeof row.parentId === 'string' ? [{ id: row.parentId, isNew: isMove }] : []),
    ...scopeOf(row).map((id) => ({ id, isNew })),
  ]
  const wrong = references.map((each) => referenceRefusal(customer, each))
  return [...values, ...wrong].filter((each) => each !== null)
}

/** Only usage that adds up can have a budget: that of SUM and COUNT meters, and reported usage. */
function capabilityRefusal(state: State, row: BudgetInput): Refusal | null {
  const capability = capabilityOf(row)
  if (capability === null) return null
  if (capability.kind === 'currency')
    return state.currencies.has(capability.id)
      ? null
      : { status: 404, code: 'CustomCurrencyNotFound' }
  const feature = state.features.get(capability.id)
  if (feature === undefined) return { status: 404, code: 'FeatureNotFound' }
  const adds = feature.meter === null || ['SUM', 'COUNT'].includes(feature.meter.function)
  const isMetered = feature.meterType !== 'None'
  return isMetered && adds ? null : { status: 400, code: 'UnsupportedFeatureType' }
}

/**
 * Returns why a row may not refer to an entity. A new reference to an archived entity is refused;
 * an existing one may be sent again. The reference to a parent is new only if the entity moves. An
 * archived entity does not move.
 */
function referenceRefusal(
  customer: Customer,
  { id, isNew }: { id: string; isNew: boolean },
): Refusal | null {
  const entity = customer.entities.get(id)
  if (entity === undefined) return bad
  return isNew && entity.archived ? archived : null
}

/**
 * Gives the entity of a row its parent. Returns false if it may not move: it had a position before
 * the request, and an active entity is below it. If `parentId` is absent, the parent stays.
 */
function place(customer: Customer, row: BudgetInput, wasPlaced = false): boolean {
  const entity = customer.entities.get(row.entityId)
  if (entity === undefined) return false
  const parentId = row.parentId === undefined ? entity.parentId : row.parentId
  const isMove = parentId !== entity.parentId
  if (isMove && wasPlaced && hasActiveBelow(customer, entity.id)) return false
  const placed: Entity = { ...entity, placed: true, parentId }
  customer.entities.set(entity.id, placed)
  return true
}

/** A new limit or cadence takes effect at once, also for records of before. */
function writeBudget(
  state: State,
  customer: Customer,
  { row, now }: { row: BudgetInput; now: Instant },
): BudgetAnswer {
  const limit =
    typeof row.usageLimit === 'number'
      ? quantityFromWire(row.usageLimit, inBody('usageLimit'))
      : null
  const cadence = row.cadence === 'MONTH' ? 'P1M' : row.cadence
  let budget = budgetOf(customer, row)
  if (budget === undefined) {
    const capability = capabilityOf(row) ?? { kind: 'feature', id: '' }
    const { entityId } = row
    const isLevel = state.features.get(capability.id)?.meterType === 'FLUCTUATING'
    const made = { limit, cadence: '', isLevel, createdAt: now }
    budget = { entityId, capability, scope: scopeOf(row), ...made }
    customer.budgets.push(budget)
  }
  if (row.usageLimit !== undefined) budget.limit = limit
  if (cadence !== undefined) budget.cadence = cadence
  return { budget, parentId: customer.entities.get(row.entityId)?.parentId ?? null }
}

const hasTwice = (texts: readonly string[]): boolean => new Set(texts).size < texts.length

function hasTwoParents(rows: readonly BudgetInput[]): boolean {
  const parents = new Map<string, string | null>()
  return rows.some(({ entityId, parentId }) => {
    if (parentId === undefined) return false
    const other = parents.get(entityId)
    parents.set(entityId, parentId)
    return other !== undefined && other !== parentId
  })
}
