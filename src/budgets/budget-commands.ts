import { lockActiveCustomer, lockVersions, renewVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import {
  findBelow,
  findPlaces,
  type HierarchyPosition,
  movedBy,
  placeEntities,
  refuseTwoParents,
  savePlaces,
  type UpsertResult,
} from '../entities/index.ts'
import { type Event, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import {
  namedEntities,
  nameOf,
  type Row,
  refuseArchived,
  refuseSameBudgets,
  rowsOf,
  wishOf,
} from './budget-rows.ts'
import { findAssignments, saveAssignments, savePastCadences } from './budget-store.ts'
import { carryCounters } from './counter-store.ts'
import { holdCapabilities } from './find-capabilities.ts'
import { carryOf } from './postings.ts'
import type { Assignment, AssignmentInput, AssignmentWithId } from './types.ts'
import { upsertAssignment } from './upsert-budget.ts'
import { assignmentToWire } from './wire.ts'

/**
 * Creates or changes budgets of a customer's entities and gives entities their places, all or none;
 * answers the budgets in request order. 404 `CustomerNotFound`, `FeatureNotFound`,
 * `CustomCurrencyNotFound`; 400 `EntityIsArchivedError` for an archived customer, entity, feature
 * or currency; 400 `UnsupportedFeatureType` for a feature that cannot be budgeted; 400 for what
 * stands twice, is incomplete, names an unknown entity, or would not leave a tree.
 */
export async function upsertAssignments(
  call: Call,
  customerId: string,
  inputs: readonly AssignmentInput[],
): Promise<AssignmentWithId[]> {
  const { app, scope } = call
  const work = async (tx: Tx) => {
    const customerKey = await lockActiveCustomer(tx, scope, customerId)
    refuseSameBudgets(inputs)
    const now = app.clock.now()
    const [capabilities, places] = await Promise.all([
      holdCapabilities(tx, scope, inputs),
      findPlaces(tx, customerKey, namedEntities(inputs)),
    ])
    const rows = rowsOf(inputs, capabilities, places)
    const before = await existing(tx, customerKey, rows)
    for (const row of rows) refuseArchived(row, !before.has(row))
    const placed = await place(tx, call, { customerKey, rows, places, now })
    const results = rows.map((row) =>
      upsertAssignment(before.get(row) ?? null, row.input, {
        name: nameOf(row),
        isLevel: row.capability.isLevel,
        parentId: placed.parentIdOf(row.entity.key),
        key: app.ids.next(now),
        now,
      }),
    )
    await save(tx, call, { customerKey, rows, results, places: placed.changed, now })
    return results.map(({ after }, index) => ({ ...after, capabilityId: idOf(rows, index) }))
  }
  return app.db.transaction(work)
}

const idOf = (rows: readonly Row[], index: number): string =>
  required(rows[index], 'the row of a result').input.capability.id

/** The budgets that rows name and that there are. */
async function existing(
  tx: Tx,
  customerKey: Uuid,
  rows: readonly Row[],
): Promise<ReadonlyMap<Row, Assignment>> {
  const text = ({ entityKey, capability, scope }: ReturnType<typeof nameOf>) =>
    [entityKey, capability.key, ...scope.map(({ key }) => key)].join(' ')
  const found = await findAssignments(tx, customerKey, rows.map(nameOf))
  const byName = new Map(found.map((assignment) => [text(assignment), assignment]))
  return new Map(
    rows.flatMap((row) => {
      const assignment = byName.get(text(nameOf(row)))
      return assignment === undefined ? [] : [[row, assignment]]
    }),
  )
}

type PlacementBatch = {
  customerKey: Uuid
  rows: readonly Row[]
  places: readonly HierarchyPosition[]
  now: Instant
}

/** The places that the rows change, and everybody's parent afterwards. */
async function place(tx: Tx, { app }: Call, { customerKey, rows, places, now }: PlacementBatch) {
  const wishes = rows.map(wishOf)
  refuseTwoParents(wishes)
  const byKey = new Map(places.map((each) => [each.key, each]))
  const below = await findBelow(tx, customerKey, movedBy(byKey, wishes))
  const maxDepth = app.config.maxEntityDepth
  const changed = placeEntities({ places: byKey, below }, wishes, { now, maxDepth })
  const after = new Map([...byKey, ...changed.map((each) => [each.key, each] as const)])
  return {
    changed,
    parentIdOf: (key: Uuid): string | null => {
      const { parentKey } = required(after.get(key), 'an entity of the request')
      return parentKey === null ? null : required(after.get(parentKey), 'a parent').id
    },
  }
}

type Owner = { scope: Scope; customerKey: Uuid }

type SaveBatch = {
  customerKey: Uuid
  rows: readonly Row[]
  results: readonly UpsertResult<Assignment>[]
  places: readonly HierarchyPosition[]
  now: Instant
}

async function save(tx: Tx, call: Call, made: SaveBatch): Promise<void> {
  const { customerKey, results, places, now } = made
  const owner: Owner = { scope: call.scope, customerKey }
  const changed = results.filter(({ change }) => change !== null)
  if (changed.length === 0) return
  const recounted = changed.flatMap(({ before, after }) =>
    before === null || before.revision === after.revision ? [] : [{ before, after }],
  )
  const since = recounted.length === 0 ? now : await decisionInstant(tx, owner, now)
  await Promise.all([
    renewVersion(tx, { ...call, now }, [customerKey]),
    savePlaces(tx, customerKey, places),
    saveAssignments(
      tx,
      owner,
      changed.map(({ after }) => after),
    ),
    savePastCadences(
      tx,
      owner,
      recounted.map(({ before }) => ({ ...before, endedAt: since })),
    ),
    carryCounters(
      tx,
      owner,
      recounted.map(({ after }) => carryOf(after, since)),
    ),
    publish(tx, { ...call, now }, announcementsOf(made)),
  ])
}

/**
 * From here on nobody counts for the customer until the transaction ends, and whoever does then
 * decides no earlier than the instant answered.
 */
async function decisionInstant(tx: Tx, { scope, customerKey }: Owner, now: Instant) {
  const heads = await lockVersions(tx, scope, { customerKeys: [customerKey], now })
  return required(heads.get(customerKey), 'a locked head').now
}

function announcementsOf({ customerKey, rows, results }: SaveBatch): Event[] {
  return results.flatMap(({ before, after, change }, index) => {
    if (change === null) return []
    const capabilityId = idOf(rows, index)
    return {
      type: change === 'created' ? 'entity.entitlement.created' : 'entity.entitlement.updated',
      customerKey,
      objectId: after.key,
      before: before && assignmentToWire(before, capabilityId),
      after: assignmentToWire(after, capabilityId),
    }
  })
}
