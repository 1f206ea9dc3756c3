import { type Database, perEpoch } from '../../db/index.ts'
import type { EntitlementReads } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { instantFromWire } from '../../kernel/clock.ts'
import { badInput } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { mapInSlices } from '../../kernel/in-slices.ts'
import type { Call, Handlers } from '../../operation.ts'
import { createUsageWriter, type UsageWriter } from '../batch/index.ts'
import { createCache } from '../cache/index.ts'
import { readHistory } from '../history/index.ts'
import { checkHandlers } from './check.ts'
import { consumptionHandlers } from './consumption.ts'
import { eventFromWire, historyToWire, reportedToWire, reportFromWire } from './records-wire.ts'

/** Ids whose keys checks remember: about 20 MB. */
const KEYS = 100_000

export function usageHandlers(entitlements: EntitlementReads) {
  const writerOf = writers(entitlements)
  const checking = { entitlements, keysOf: perEpoch(() => createCache<Uuid>(KEYS)) }
  return {
    ...recordHandlers(writerOf, entitlements),
    ...checkHandlers(checking),
    ...consumptionHandlers(writerOf, checking),
  }
}

type Records = 'v1.usage.report' | 'v1.usage.history' | 'v1.events.report'

function recordHandlers(
  writerOf: (call: Call) => UsageWriter,
  entitlements: EntitlementReads,
): Handlers<Records> {
  return {
    'v1.usage.report': async ({ body }, call) => {
      const inputs = body.usages.map(reportFromWire)
      const reported = await writerOf(call).report(call.scope, inputs, call.origin)
      return {
        data: body.usages.map((usage, index) =>
          reportedToWire(usage, required(reported[index], 'what a report came to')),
        ),
      }
    },
    'v1.usage.history': async ({ params, query }, call) => {
      const history = await readHistory(call, entitlements, {
        ...params,
        resourceId: query.resourceId ?? null,
        start: instantFromWire(query.startDate),
        end: query.endDate === undefined ? null : instantFromWire(query.endDate),
        groupBy: query.groupBy === undefined ? [] : dimensionsNamed(query.groupBy),
      })
      return { data: historyToWire(history) }
    },
    'v1.events.report': async ({ body }, call) => {
      const events = await mapInSlices(body.events, eventFromWire)
      await writerOf(call).ingest(call.scope, events, call.origin)
      return { data: {} }
    },
  }
}

/** Names of dimensions that usage can be grouped by. */
const GROUPS = 3

/** 400 for a name that is empty or stands twice, and for more than three. */
function dimensionsNamed(groupBy: string): string[] {
  const names = groupBy.split(',')
  if (names.length > GROUPS || names.includes('') || new Set(names).size < names.length)
    throw badInput(`query: groupBy must be 1 to ${GROUPS} different names, separated by commas`)
  return names
}

/**
 * One writer for each database, so that what arrives at once is written together. The transaction
 * of a request with an `Idempotency-Key` is a database of its own: such a request makes a group by
 * itself, and commits with its key.
 */
function writers(entitlements: EntitlementReads) {
  const open = new WeakMap<Database, UsageWriter>()
  return ({ app }: Call): UsageWriter => {
    const known = open.get(app.db)
    if (known !== undefined) return known
    const writer = createUsageWriter(app, entitlements)
    open.set(app.db, writer)
    return writer
  }
}
