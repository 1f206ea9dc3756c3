import type { App } from '../app.ts'
import { isUnreachable } from '../db/index.ts'
import type { SourceLoader } from '../entitlements/index.ts'
import { Refusal } from '../kernel/errors.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Scope } from '../kernel/scope.ts'
import { commitGroup, type Work } from './commit-group.ts'
import { findAddresses } from './find-addresses.ts'
import { createGroupQueue, type Entry, type GroupLimits } from './group-queue.ts'
import { createMemory } from './memory.ts'
import type { Sender } from './prepare-records.ts'
import { rememberCatalog } from './remember-catalog.ts'
import { rememberHeld } from './remember-held.ts'
import { rememberResolutions } from './remember-resolutions.ts'
import type { EventInput, Reported, ReportInput } from './types.ts'

/**
 * Two groups at once keep the database busy while one of them is decided. More records make a
 * group slower without making the record cheaper.
 */
const LIMITS: GroupLimits = {
  groups: 2,
  records: 2000,
  turnRecords: 100,
  patience: 8,
  waitingOfOwner: 1000,
  waiting: 10_000,
  waitingBytes: 64 * 1024 * 1024,
}
/** Ids whose keys are remembered: about 20 MB. */
const KEYS = 100_000
/** Environments that are remembered. */
const ENVIRONMENTS = 10_000
/** What a record takes beside its dimensions, in bytes. */
const RECORD_BYTES = 1000

export type UsageWriter = {
  /** Counts reports, all or none. See `prepareReports`; 404 `CustomerNotFound`; 429, 503. */
  report(
    scope: Scope,
    reports: readonly ReportInput[],
    sender: Sender,
  ): Promise<readonly Reported[]>
  /** Counts events, all or none. See `prepareEvents`; 404 `CustomerNotFound`; 429, 503. */
  ingest(scope: Scope, events: readonly EventInput[], sender: Sender): Promise<void>
}

type Request = Entry & { scope: Scope; work: Work }

/** Writes usage to the database of an application, by groups. */
export function createUsageWriter(app: App, loaders: readonly SourceLoader[]): UsageWriter {
  const keys = createMemory<Uuid>(KEYS)
  const committing = {
    app,
    readCatalog: rememberCatalog(),
    readHoldings: rememberHeld(loaders),
    readResolutions: rememberResolutions(),
    trimmed: createMemory<true>(ENVIRONMENTS),
  }
  const queue = createGroupQueue<Request, readonly Reported[]>(
    LIMITS,
    (group) => {
      const works = group.map(({ work }) => work)
      return commitGroup(committing, laneOf(group), works)
    },
    isHopeless,
  )
  const submit = (scope: Scope, work: Work) =>
    queue.submit({
      lane: scope.environmentKey,
      touches: [...new Set(work.items.map(({ customerKey }) => customerKey))],
      records: work.items.length,
      bytes: work.items.reduce((sum, item) => sum + bytesOf(item), 0),
      scope,
      work,
    })
  return {
    report: async (scope, subjects, sender) => {
      const items = await findAddresses(app.db.read, scope, { subjects, list: 'usages', keys })
      return submit(scope, { kind: 'reports', items, sender })
    },
    ingest: async (scope, subjects, sender) => {
      const items = await findAddresses(app.db.read, scope, { subjects, list: 'events', keys })
      await submit(scope, { kind: 'events', items, sender })
    },
  }
}

const bytesOf = ({ dimensionsText }: { dimensionsText: string | null }): number =>
  RECORD_BYTES + (dimensionsText?.length ?? 0)

/** Entries of one lane are of one environment. */
const laneOf = (group: readonly Request[]): Scope => ({ environmentKey: group[0]?.lane ?? '' })

/** Without a database no one of a group would fare better by itself. */
const isHopeless = (error: unknown): boolean =>
  error instanceof Refusal && isUnreachable(error.cause)
