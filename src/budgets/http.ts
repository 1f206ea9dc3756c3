import { isDeepStrictEqual } from 'node:util'
import type { AssignmentUpsertRequestBody, Operations, UpsertAssignment } from '../api.gen.ts'
import { distinct } from '../entities/index.ts'
import { badInput } from '../kernel/errors.ts'
import { type Field, inBody, inQuery } from '../kernel/field.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import { quantityFromWire } from '../kernel/quantity.ts'
import type { Handlers } from '../operation.ts'
import { upsertAssignments } from './budget-commands.ts'
import { cadenceFromWire } from './cadence.ts'
import * as queries from './queries.ts'
import type { CapabilityFilter } from './read-capabilities.ts'
import { retrieveThresholds, updateThresholds } from './threshold-commands.ts'
import type { AssignmentInput } from './types.ts'
import { assignmentToWire, thresholdsToWire, treeRowToWire } from './wire.ts'

/** `assignments` is the name of `entityEntitlements` in an older generation of the API. */
function assignmentsFromWire(wire: AssignmentUpsertRequestBody): AssignmentInput[] {
  const { assignments, entityEntitlements } = wire
  const both = assignments !== undefined && entityEntitlements !== undefined
  if (both && !isDeepStrictEqual(assignments, entityEntitlements))
    throw badInput(
      inBody('assignments'),
      'body: entityEntitlements and assignments differ; send one of them',
    )
  if (entityEntitlements !== undefined)
    return entityEntitlements.map((each, index) =>
      assignmentFromWire(each, inBody('entityEntitlements', index).of(each.entityId)),
    )
  if (assignments === undefined)
    throw badInput(
      inBody('entityEntitlements'),
      'body: entityEntitlements or assignments is required',
    )
  return assignments.map((each, index) =>
    assignmentFromWire(each, inBody('assignments', index).of(each.entityId)),
  )
}

function assignmentFromWire(wire: UpsertAssignment, where: Field): AssignmentInput {
  const { entityId, featureId, currencyId, usageLimit, cadence, parentId } = wire
  const capability =
    featureId !== undefined && currencyId === undefined
      ? { kind: 'feature' as const, id: featureId }
      : currencyId !== undefined && featureId === undefined
        ? { kind: 'currency' as const, id: currencyId }
        : null
  if (capability === null)
    throw badInput(
      where.at(featureId === undefined ? 'featureId' : 'currencyId'),
      `${where}: send either featureId or currencyId`,
    )
  return {
    where,
    entityId,
    capability,
    scopeEntityIds: distinct(wire.scopeEntityIds ?? []).sort(),
    ...(usageLimit === undefined ? {} : { usageLimit: limitFromWire(usageLimit, where) }),
    ...(cadence === undefined ? {} : { cadence: cadenceFromWire(cadence, where.at('cadence')) }),
    ...(parentId === undefined ? {} : { parentId }),
  }
}

const limitFromWire = (limit: number | null, where: Field) =>
  limit === null ? null : quantityFromWire(limit, where.at('usageLimit'))

/**
 * 400 if more than one of the three is sent. `capabilityId` is of the older generation. It may be
 * the id of a feature or of a currency.
 */
function capabilityFilter(
  query: Operations['v1Beta.customers.assignments.list']['query'],
): CapabilityFilter | null {
  const { featureId, currencyId, capabilityId } = query
  const filters: CapabilityFilter[] = [
    ...(featureId === undefined ? [] : [{ kind: 'feature' as const, id: featureId }]),
    ...(currencyId === undefined ? [] : [{ kind: 'currency' as const, id: currencyId }]),
    ...(capabilityId === undefined ? [] : [{ kind: null, id: capabilityId }]),
  ]
  if (filters.length > 1)
    throw badInput(
      inQuery(capabilityId === undefined ? 'currencyId' : 'capabilityId'),
      'query: featureId, currencyId and capabilityId are exclusive; send one of them',
    )
  return filters[0] ?? null
}

function treeQuery(
  customerId: string,
  query: Operations['v1.events.beta.customers.retrieveGovernance']['query'],
): queries.TreeQuery {
  const { featureIds = [], currencyIds = [], minUtilization } = query
  const capabilities = [
    ...featureIds.map((id) => ({ kind: 'feature' as const, id })),
    ...currencyIds.map((id) => ({ kind: 'currency' as const, id })),
  ]
  return {
    customerId,
    capabilities: capabilities.length === 0 ? null : capabilities,
    typeIds: query.entityTypeIds ?? null,
    search: query.entityIdSearch ?? null,
    scope: query.scope,
    minUtilization:
      minUtilization === undefined
        ? null
        : quantityFromWire(minUtilization, inQuery('minUtilization')),
    sortBy: query.sortBy,
    order: query.order,
    after: query.after ?? null,
    limit: query.limit,
  }
}

type Budgets =
  | 'v1Beta.customers.assignments.upsert'
  | 'v1Beta.customers.assignments.list'
  | 'v1.events.beta.customers.retrieveGovernance'
  | 'v1Beta.governance.retrieveThresholdConfig'
  | 'v1Beta.governance.updateThresholdConfig'

export const budgetHandlers: Handlers<Budgets> = {
  'v1Beta.customers.assignments.upsert': async ({ params, body }, call) => {
    const saved = await upsertAssignments(call, params.id, assignmentsFromWire(body))
    return { data: saved.map((each) => assignmentToWire(each, each.capabilityId)) }
  },
  'v1Beta.customers.assignments.list': async ({ params, query }, call) => {
    const page = await queries.listAssignments(call, {
      customerId: params.id,
      entityId: query.entityId ?? null,
      capability: capabilityFilter(query),
      page: pageRequest(query),
    })
    return pageToWire(page, (each) => assignmentToWire(each, each.capabilityId))
  },
  'v1.events.beta.customers.retrieveGovernance': async ({ params, query }, call) => {
    const { rows, next, capabilities, now } = await queries.readTree(
      call,
      treeQuery(params.id, query),
    )
    return {
      data: rows.map((row) => treeRowToWire(row, capabilities, now)),
      pagination: { next },
    }
  },
  'v1Beta.governance.retrieveThresholdConfig': async (_, call) => ({
    data: thresholdsToWire(await retrieveThresholds(call)),
  }),
  'v1Beta.governance.updateThresholdConfig': async ({ body }, call) => {
    const thresholds = body.thresholds.map((each, index) =>
      quantityFromWire(each, inBody('thresholds', index)),
    )
    return { data: thresholdsToWire(await updateThresholds(call, thresholds)) }
  },
}
