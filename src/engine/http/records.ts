import type { Database } from '../../db/index.ts'
import type { DecisionNotes } from '../../decisions/index.ts'
import { type EntitlementReads, pastEntitlementToWire } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { instantFromWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import { mapInSlices } from '../../kernel/in-slices.ts'
import type { Call, Handlers } from '../../operation.ts'
import { createUsageWriter, type UsageWriter } from '../batch/index.ts'
import type { EngineContext } from '../cache/index.ts'
import { listPastEntitlements, readHistory } from '../history/index.ts'
import { checkHandlers } from './check.ts'
import { consumptionHandlers } from './consumption.ts'
import { eventFromWire, historyToWire, reportedToWire, reportFromWire } from './records-wire.ts'

export function usageHandlers(engine: EngineContext, notes: DecisionNotes) {
  const { entitlements } = engine
  const writerOf = writers(engine)
  return {
    ...recordHandlers(writerOf, { entitlements, notes }),
    ...checkHandlers(engine, notes),
    ...consumptionHandlers(writerOf, { engine, notes }),
  }
}

type Records =
  | 'v1.usage.report'
  | 'v1.usage.history'
  | 'v1.events.report'
  | 'v1.customers.listPastEntitlements'

function recordHandlers(
  writerOf: (call: Call) => UsageWriter,
  { entitlements, notes }: { entitlements: EntitlementReads; notes: DecisionNotes },
): Handlers<Records> {
  return {
    'v1.usage.report': async ({ body }, call) => {
      const inputs = body.usages.map(reportFromWire)
      const results = await writerOf(call).report(call, inputs)
      notes.recorded(call, inputs.length)
      return {
        data: body.usages.map((usage, index) =>
          reportedToWire(usage, required(results[index], 'the result of a report')),
        ),
      }
    },
    'v1.usage.history': async ({ params, query }, call) => {
      const history = await readHistory(call, entitlements, {
        ...params,
        resourceId: query.resourceId ?? null,
        start: instantFromWire(query.startDate),
        end: query.endDate === undefined ? null : instantFromWire(query.endDate),
        groupBy: query.groupBy === undefined ? [] : groupByFromWire(query.groupBy),
      })
      return { data: historyToWire(history) }
    },
    'v1.customers.listPastEntitlements': async ({ params, query }, call) => {
      const at = instantFromWire(query.at)
      const { data, next } = await listPastEntitlements(call, entitlements, {
        customerId: params.id,
        resourceId: query.resourceId ?? null,
        at,
        after: query.after?.toLowerCase() ?? null,
        limit: query.limit,
      })
      return { data: data.map((held) => pastEntitlementToWire(held, at)), pagination: { next } }
    },
    'v1.events.report': async ({ body }, call) => {
      const events = await mapInSlices(body.events, eventFromWire)
      await writerOf(call).ingest(call, events)
      notes.recorded(call, events.length)
      return { data: {} }
    },
  }
}

/** The maximum number of dimensions to group by. */
const MAX_GROUP_BY = 3

/** 400 for an empty or duplicate name, and for more than three. */
function groupByFromWire(groupBy: string): string[] {
  const names = groupBy.split(',')
  if (names.length > MAX_GROUP_BY || names.includes('') || new Set(names).size < names.length)
    throw badInput(
      inQuery('groupBy'),
      `query: groupBy must be 1 to ${MAX_GROUP_BY} different names, separated by commas`,
    )
  return names
}

/**
 * Each database has one writer, so that concurrent requests share a batch. For a request with an
 * `Idempotency-Key`, `app.db` is the transaction that stores the key. So such a request gets a
 * writer and a batch of its own, and its batch is committed together with the key.
 */
function writers(engine: EngineContext) {
  const open = new WeakMap<Database, UsageWriter>()
  return ({ app }: Call): UsageWriter => {
    const existing = open.get(app.db)
    if (existing !== undefined) return existing
    const writer = createUsageWriter(app, engine)
    open.set(app.db, writer)
    return writer
  }
}
