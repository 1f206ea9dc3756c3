import type { Assignment, AuditEntry, Customer, Entity, Member } from '../../../src/api.gen.ts'
import { type Caller, call, type OperationId } from '../api/call.ts'

type Undo = { id: OperationId; send: (caller: Caller) => Promise<unknown> }

/** The fields of each kind that can be sent back. What an entry changed beyond them cannot be. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'entity.entitlement.updated': ['usageLimit', 'cadence', 'parentId'],
  'customer.updated': ['name', 'email'],
  'entity.updated': ['displayName'],
  'member.updated': ['accountRole', 'role'],
}

const isKept = (name: string, was: unknown, is: unknown): boolean =>
  name === 'updatedAt' || (/^id$|Id$/.test(name) && was === is)

/** Returns how to send what a change replaced, or null if no operation does that. */
export function undoOf({ type, customerId, before, after }: AuditEntry): Undo | null {
  const fields = FIELDS[type]
  if (fields === undefined || before === null || after === null) return null
  const now: Record<string, unknown> = { ...after }
  const names = Object.entries(before)
    .filter(([name, was]) => !isKept(name, was, now[name]))
    .map(([name]) => name)
  if (names.length === 0 || names.some((name) => !fields.includes(name))) return null
  const former: unknown = { ...after, ...before }
  if (type === 'member.updated') return undoMember(former as Member)
  if (customerId === null) return null
  const params = { id: customerId }
  if (type === 'entity.entitlement.updated') return undoBudget(former as Assignment, params, names)
  if (type === 'entity.updated') return undoEntity(former as Entity, params)
  const { name, email } = former as Customer
  return {
    id: 'v1.customers.update',
    send: (caller) => call(caller, 'v1.customers.update', { params, body: { name, email } }),
  }
}

function undoBudget(budget: Assignment, params: { id: string }, names: readonly string[]): Undo {
  const { entityId, featureId, currencyId, scopeEntityIds, usageLimit, cadence, parentId } = budget
  const id = 'v1Beta.customers.assignments.upsert'
  const row = {
    entityId,
    ...(featureId === undefined ? { currencyId: currencyId ?? '' } : { featureId }),
    ...(scopeEntityIds.length > 0 && { scopeEntityIds }),
    usageLimit,
    cadence,
    ...(names.includes('parentId') && { parentId }),
  }
  return { id, send: (caller) => call(caller, id, { params, body: { entityEntitlements: [row] } }) }
}

function undoEntity(entity: Entity, params: { id: string }): Undo {
  const { id: entityId, entityTypeId, displayName } = entity
  const id = 'v1Beta.customers.entities.upsert'
  const body = { entities: [{ id: entityId, entityTypeId, displayName }] }
  return { id, send: (caller) => call(caller, id, { params, body }) }
}

function undoMember({ userId, accountRole, role }: Member): Undo {
  const id = 'v1.members.upsert'
  const request = { params: { userId }, body: { accountRole, role } }
  return { id, send: (caller) => call(caller, id, request) }
}
