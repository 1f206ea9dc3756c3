import type { AuditEntry, Event, Operations } from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import { createdRange } from '../kernel/created-range.ts'
import { pageRequest, pageToWire } from '../kernel/page.ts'
import type { Handlers } from '../operation.ts'
import { listEntries } from './queries.ts'
import type { Entry, EntryFilter } from './types.ts'

type Query = Operations['v1.eventsLog.list']['query'] & { actorId?: string }

const filterFromWire = (query: Query): EntryFilter => ({
  types: query.type ?? null,
  objectId: query.objectId ?? null,
  customerId: query.customerId ?? null,
  actorId: query.actorId ?? null,
  occurred: createdRange(query.occurredAt),
  page: pageRequest(query),
})

const common = (entry: Entry) => ({
  id: entry.key,
  type: entry.type,
  customerId: entry.customerId,
  objectId: entry.objectId,
  occurredAt: instantToWire(entry.occurredAt),
})

const eventToWire = (entry: Entry): Event => ({ ...common(entry), data: entry.after })

const entryToWire = (entry: Entry): AuditEntry => ({
  ...common(entry),
  actor: { ...entry.origin.actor },
  operation: entry.origin.operation,
  traceId: entry.origin.traceId,
  before: entry.before,
  after: entry.after,
})

export const auditHandlers: Handlers<'v1.eventsLog.list' | 'v1.audit.list'> = {
  'v1.eventsLog.list': async ({ query }, call) => {
    const page = await listEntries(call, filterFromWire(query))
    return pageToWire(page, eventToWire)
  },
  'v1.audit.list': async ({ query }, call) => {
    const page = await listEntries(call, filterFromWire(query))
    return pageToWire(page, entryToWire)
  },
}
