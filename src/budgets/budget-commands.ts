import { changeStructure, lockVersions, renewVersion } from '../customers/index.ts'
import type { Tx } from '../db/index.ts'
import {
  findDescendants,
  findPositions,
  type HierarchyPosition,
  movedBy,
  placeEntities,
  refuseTwoParents,
  savePositions,
  type UpsertResult,
} from '../entities/index.ts'
import { type Event, publish } from '../events/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { refuseOutdated } from '../kernel/etag.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Owner } from '../kernel/scope.ts'
import type { Call } from '../operation.ts'
import {
  namedEntities,
  nameOf,
  parentInputOf,
  type Row,
  refuseArchived,
  refuseSameBudgets,
  rowsOf,
} from './budget-rows.ts'
import { findAssignments, saveAssignments, savePastCadences } from './budget-store.ts'
import { carryCounters } from './counter-store.ts'
import { holdCapabilities } from './find-capabilities.ts'
import { carryOf } from './postings.ts'
import { scheduleRanking } from './schedule-ranking.ts'
import type { Assignment, AssignmentInput, AssignmentWithId } from './types.ts'
import { upsertAssignment } from './upsert-budget.ts'
import { assignmentToWire } from './wire.ts'

/**
 * Creates or changes budgets of a customer's entities and attaches the entities to the hierarchy,
 * all or none. Returns the budgets in the order of the request. 404 `CustomerNotFound`,
 * `FeatureNotFound`, `CustomCurrencyNotFound`; 400 `EntityIsArchivedError` for an archived
 * customer, entity, feature or currency; 400 `UnsupportedFeatureType` for a feature that cannot be
 * budgeted; 400 for a duplicate or incomplete row, an unknown entity, or parents that do not form a
 * tree.
 */
export const upsertAssignments = (
  call: Call,
  customerId: string,
  inputs: readonly AssignmentInput[],
): Promise<AssignmentWithId[]> =>
  changeStructure(call, customerId, async (tx, { customerKey, now }) => {
    const { app, scope } = call
    refuseSameBudgets(inputs)
    const [capabilities, places] = await Promise.all([
      holdCapabilities(tx, scope, inputs),
      findPositions(tx, customerKey, namedEntities(inputs)),
    ])
    const rows = rowsOf(inputs, capabilities, places)
    const before = await existing(tx, customerKey, rows)
    refuseOutdated(call, () => wireOfFirst(rows, before))
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
  })

const idOf = (rows: readonly Row[], index: number): string =>
  required(rows[index], 'the row of a result').input.capability.id

/** The budget of the first row in its wire form, or null if it does not exist. */
function wireOfFirst([row]: readonly Row[], before: ReadonlyMap<Row, Assignment>) {
  const assignment = row && before.get(row)
  return row && assignment ? assignmentToWire(assignment, row.input.capability.id) : null
}

/** Returns the existing budgets that rows name. */
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

type PlacementQuery = {
  customerKey: Uuid
  rows: readonly Row[]
  places: readonly HierarchyPosition[]
  now: Instant
}

/**
 * Saves the hierarchy positions that the rows change. Returns the parent of each entity afterwards.
 */
async function place(tx: Tx, { app }: Call, { customerKey, rows, places, now }: PlacementQuery) {
  const parentInputs = rows.map(parentInputOf)
  refuseTwoParents(parentInputs)
  const byKey = new Map(places.map((each) => [each.key, each]))
  const below = await findDescendants(tx, customerKey, movedBy(byKey, parentInputs))
  const maxDepth = app.config.maxEntityDepth
  const changed = placeEntities({ places: byKey, below }, parentInputs, { now, maxDepth })
  const after = new Map([...byKey, ...changed.map((each) => [each.key, each] as const)])
  return {
    changed,
    parentIdOf: (key: Uuid): string | null => {
      const { parentKey } = required(after.get(key), 'an entity of the request')
      return parentKey === null ? null : required(after.get(parentKey), 'a parent').id
    },
  }
}

type UpsertToSave = {
  customerKey: Uuid
  rows: readonly Row[]
  results: readonly UpsertResult<Assignment>[]
  places: readonly HierarchyPosition[]
  now: Instant
}

async function save(tx: Tx, call: Call, made: UpsertToSave): Promise<void> {
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
    savePositions(tx, customerKey, places),
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
    scheduleRanking(tx, call.app, call.scope),
  ])
}

/**
 * Locks the customer's usage until the end of the transaction. Returns the instant of decision. No
 * usage that is counted afterwards has an earlier instant of decision.
 */
async function decisionInstant(tx: Tx, { scope, customerKey }: Owner, now: Instant) {
  const heads = await lockVersions(tx, scope, { customerKeys: [customerKey], now })
  return required(heads.get(customerKey), 'a locked head').now
}

function announcementsOf({ customerKey, rows, results }: UpsertToSave): Event[] {
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
