import { requireCustomer } from '../../customers/index.ts'
import type { Database } from '../../db/index.ts'
import { findPositions } from '../../entities/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { ApiError, badInput } from '../../kernel/errors.ts'
import { inPath, inQuery } from '../../kernel/field.ts'
import type { Call } from '../../operation.ts'
import { requireCapabilities } from '../read-capabilities.ts'
import { findVersion } from './list-store.ts'
import { type ListOwner, type OrderedList, orderedList } from './lists.ts'
import { pathOf, readRows } from './read-rows.ts'
import type { EntityRow, ListOf, ListQuery } from './types.ts'

/** The ids of a request for budgets of entities. */
type BudgetsOf = {
  customerId: string
  featureIds: readonly string[]
  currencyIds: readonly string[]
}

/** How entities are ordered and chosen, whatever list they are in. */
type Choice = Omit<ListQuery, 'of' | 'capabilities'>

export type TreeRequest = BudgetsOf & {
  /** Absent: the roots, or all entities if `flat` is true. */
  parentId?: string
  isFlat: boolean
  at: number
  limit: number
  choice: Choice
}

export type TreePart = { rows: EntityRow[]; list: OrderedList; at: number; asOf: Instant }

/**
 * Returns a part of an ordered list of a customer's entities. 404 `CustomerNotFound`; 400 for an
 * unknown parent, feature or currency, and for an order or a filter by usage without a capability.
 */
export async function readEntityTree(call: Call, request: TreeRequest): Promise<TreePart> {
  const { at, limit, choice, parentId } = request
  const { owner, capabilities } = await prepare(call, request, choice)
  const { db } = call.app
  const of = request.isFlat
    ? ALL
    : { kind: 'children' as const, parentKey: await keyOfParent(db, owner, parentId) }
  const list = await orderedList(db, owner, { ...choice, of, capabilities })
  const { customerKey, now } = owner
  const keys = list.from(at, limit)
  const rows = await readRows(db.read, { ...choice, customerKey, capabilities, keys, now })
  return { rows, list, at, asOf: now }
}

const ALL: ListOf = { kind: 'all' }

async function keyOfParent(db: Database, owner: ListOwner, parentId: string | undefined) {
  if (parentId === undefined) return null
  const positions = await findPositions(db.read, owner.customerKey, [parentId])
  const parent = positions.find(({ id }) => id === parentId)
  if (parent === undefined)
    throw badInput(inQuery('parentId'), `parentId: entity ${parentId} not found`)
  return parent.key
}

export type PathRequest = BudgetsOf & { entityId: string; choice: Choice }

/** An entity of a path. Its place among its siblings is null if it is not listed there. */
export type PathNode = { row: EntityRow; place: number | null; total: number }

/**
 * Returns an entity and those above it, the root first, each with its place among its siblings. 404
 * `CustomerNotFound`, and without a code for the entity; 400 as `readEntityTree`.
 */
export async function readPath(
  call: Call,
  request: PathRequest,
): Promise<{ nodes: PathNode[]; asOf: Instant }> {
  const { entityId, customerId, choice } = request
  const { owner, capabilities } = await prepare(call, request, choice)
  const { db } = call.app
  const { customerKey, now } = owner
  const positions = await findPositions(db.read, customerKey, [entityId])
  const entity = positions.find(({ id }) => id === entityId)
  if (entity === undefined)
    throw new ApiError(404, null, `entity ${entityId} of customer ${customerId} not found`, {
      field: inPath('entityId'),
    })
  const path = pathOf(entity.key, new Map(positions.map((each) => [each.key, each]))).reverse()
  const keys = path.map(({ key }) => key)
  const rows = await readRows(db.read, { ...choice, customerKey, capabilities, keys, now })
  const nodes: PathNode[] = []
  for (const row of rows) {
    const { parentKey = null } = path.find(({ key }) => key === row.key) ?? {}
    const of = { kind: 'children' as const, parentKey }
    const list = await orderedList(db, owner, { ...choice, of, capabilities })
    nodes.push({ row, place: list.placeOf(row.key), total: list.total })
  }
  return { nodes, asOf: now }
}

async function prepare({ app, scope }: Call, asked: BudgetsOf, choice: Choice) {
  if (asked.featureIds.length + asked.currencyIds.length > CAPABILITIES)
    throw badInput(
      inQuery('currencyIds'),
      `query: at most ${CAPABILITIES} of featureIds and currencyIds together`,
    )
  const customerKey = await requireCustomer(app.db.read, scope, asked.customerId)
  const [{ structureVersion, decidedAt }, capabilities] = await Promise.all([
    findVersion(app.db.read, customerKey),
    requireCapabilities({ app, scope }, asked),
  ])
  if (capabilities.length === 0) refuseUsage(choice)
  const now = Math.max(app.clock.now(), decidedAt)
  return { owner: { customerKey, structureVersion, now }, capabilities }
}

/** For each of them, each row needs look-ups of its own. */
const CAPABILITIES = 5

function refuseUsage({ sortBy, scope, minUtilization }: Choice): void {
  const needing =
    sortBy !== 'name' && sortBy !== 'createdAt'
      ? 'sortBy'
      : scope !== 'all'
        ? 'scope'
        : minUtilization !== null
          ? 'minUtilization'
          : null
  if (needing !== null)
    throw badInput(inQuery(needing), `query: this ${needing} needs featureIds or currencyIds`)
}
