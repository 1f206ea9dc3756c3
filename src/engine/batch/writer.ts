import type { App } from '../../app.ts'
import { StaleKey, unknownCustomer } from '../../customers/index.ts'
import { isLockTimeout, isUnreachable, perEpoch } from '../../db/index.ts'
import type { SourceLoader } from '../../entitlements/index.ts'
import { assert } from '../../kernel/assert.ts'
import { Refusal, unavailable, WrongClock } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Scope } from '../../kernel/scope.ts'
import {
  createMemory,
  type Memory,
  pastBy,
  rememberCatalog,
  rememberHeld,
  rememberResolutions,
} from '../cache/index.ts'
import { denied, type UseAnswer, useOfNobody } from '../consume/index.ts'
import type { SettlingAnswer } from '../reservations/index.ts'
import type { EventInput, Reported, ReportInput, SettlingInput, UseInput } from '../types.ts'
import { createGroupQueue, type Entry, type GroupLimits } from './batch-queue.ts'
import { commitGroup } from './commit-batch.ts'
import type { GroupAnswer } from './execute-batch.ts'
import { addressesOf, findAddresses } from './find-subjects.ts'
import { itemsOf, type Work } from './request.ts'

/**
 * Two groups at once keep the database busy while one of them is decided; with 16 entries the
 * second is worth its statements. More records make a group slower without making the record
 * cheaper.
 */
const LIMITS: GroupLimits = {
  groups: 2,
  company: 16,
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
/** How often the keys of a request's ids are found, should they be of what was lost. */
const LOOK_UPS = 2
/** What a record takes beside its dimensions, in bytes. */
const RECORD_BYTES = 1000

export type UsageWriter = {
  /** Counts reports, all or none. See `prepareReports`; 404 `CustomerNotFound`; 429, 503. */
  report(
    scope: Scope,
    reports: readonly ReportInput[],
    origin: Origin,
  ): Promise<readonly Reported[]>
  /** Counts events, all or none. See `prepareEvents`; 404 `CustomerNotFound`; 429, 503. */
  ingest(scope: Scope, events: readonly EventInput[], origin: Origin): Promise<void>
  /** Decides a use. See `prepareUse` and `decideUse`; an unknown customer is denied; 429, 503. */
  use(scope: Scope, use: UseInput, origin: Origin): Promise<UseAnswer>
  /** Settles a reservation. See `settle`; 404 `CustomerNotFound`; 429, 503. */
  settle(scope: Scope, settling: SettlingInput, origin: Origin): Promise<SettlingAnswer>
}

type Request = Entry & { scope: Scope; work: Work }

/** Writes usage to the database of an application, by groups. */
export function createUsageWriter(app: App, loaders: readonly SourceLoader[]): UsageWriter {
  const keysOf = perEpoch(() => createMemory<Uuid>(KEYS))
  const committingOf = perEpoch(() => ({
    app,
    readCatalog: rememberCatalog(),
    readHoldings: rememberHeld(loaders),
    readPast: pastBy(loaders),
    readResolutions: rememberResolutions(),
    trimmed: createMemory<true>(ENVIRONMENTS),
  }))
  const queue = createGroupQueue<Request, GroupAnswer>(
    LIMITS,
    (group) => {
      const works = group.map(({ work }) => work)
      return commitGroup(committingOf(app.db), laneOf(group), works)
    },
    { isHopeless, isLock },
  )
  const submit = async <K extends GroupAnswer['kind']>(
    kind: K,
    scope: Scope,
    work: Work,
  ): Promise<Extract<GroupAnswer, { kind: K }>> => {
    const items = itemsOf(work)
    const answer = await queue.submit({
      lane: scope.environmentKey,
      touches: [...new Set(items.map(({ customerKey }) => customerKey))],
      records: items.length,
      bytes: items.reduce((sum, item) => sum + bytesOf(item), 0),
      scope,
      work,
    })
    assert(answer.kind === kind, 'a request was answered as another kind')
    return answer as Extract<GroupAnswer, { kind: K }>
  }
  const withKeys = <T>(work: (keys: Memory<Uuid>) => Promise<T>): Promise<T> =>
    tryAgainWhenStale(() => keysOf(app.db), work)
  return {
    report: (scope, subjects, origin) =>
      withKeys(async (keys) => {
        const items = await findAddresses(app.db.read, scope, { subjects, list: 'usages', keys })
        return (await submit('records', scope, { kind: 'reports', items, origin })).reported
      }),
    ingest: (scope, subjects, origin) =>
      withKeys(async (keys) => {
        const items = await findAddresses(app.db.read, scope, { subjects, list: 'events', keys })
        await submit('records', scope, { kind: 'events', items, origin })
      }),
    use: (scope, use, origin) =>
      withKeys(async (keys) => {
        const [address] = await addressesOf(app.db.read, scope, { subjects: [use], keys })
        if (!address) {
          const evaluated = useOfNobody(use.amount, app.clock.now())
          return denied({ evaluated, asksBudgets: use.asksBudgets, unresolved: [] })
        }
        const item = { ...use, ...address }
        return (await submit('use', scope, { kind: 'use', item, origin })).used
      }),
    settle: (scope, settling, origin) =>
      withKeys(async (keys) => {
        const subjects = [{ customerId: settling.customerId, resourceId: null }]
        const [address] = await addressesOf(app.db.read, scope, { subjects, keys })
        if (!address) throw unknownCustomer(settling.customerId)
        const item = { ...settling, customerKey: address.customerKey }
        return (await submit('settling', scope, { kind: 'settling', item, origin })).settled
      }),
  }
}

/** Does work that begins by finding keys: remembered ones may be of what a fail-over has lost. */
async function tryAgainWhenStale<T>(
  rememberedKeys: () => Memory<Uuid>,
  work: (keys: Memory<Uuid>) => Promise<T>,
): Promise<T> {
  for (let left = LOOK_UPS; left > 0; left -= 1) {
    const keys = rememberedKeys()
    try {
      return await work(keys)
    } catch (error) {
      if (!(error instanceof StaleKey)) throw error
      keys.clear()
    }
  }
  throw unavailable('the database has just lost what the request is about; nothing was written')
}

const bytesOf = (item: object): number =>
  RECORD_BYTES + ('dimensionsText' in item ? String(item.dimensionsText).length : 0)

/** Entries of one lane are of one environment. */
const laneOf = (group: readonly Request[]): Scope => ({ environmentKey: group[0]?.lane ?? '' })

/** Without a database, or a clock, no one of a group would fare better by itself. */
const isHopeless = (error: unknown): boolean =>
  error instanceof WrongClock || (error instanceof Refusal && isUnreachable(error.cause))

const isLock = (error: unknown): boolean => error instanceof Refusal && isLockTimeout(error.cause)
