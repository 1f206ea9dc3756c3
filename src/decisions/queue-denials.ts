import { createHash, randomUUID } from 'node:crypto'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Origin } from '../kernel/origin.ts'
import type { Scope } from '../kernel/scope.ts'
import type { DecisionKind, Denial, DenialCounts } from './types.ts'

/** A denial that waits to be written, or a written one whose count has grown. */
export type QueueEntry = {
  scope: Scope
  kind: DecisionKind
  customerId: string
  /** Identifies it within its minute. */
  name: string
  minute: Instant
  /** The instant of the first denial. */
  at: Instant
  lastAt: Instant
  origin: Pick<Origin, 'actor' | 'traceId'>
  /** The number of denials that are not written yet. */
  count: number
  /** Null once it is written: then only the count is added. */
  denial: Denial | null
  /** Identifies its row. Set when the entry is taken. */
  mergeKey: Uuid
}

type OpenEntry = QueueEntry & { isWaiting: boolean }

/** A bounded queue in memory. Nothing here waits or reads a database. */
export type DenialQueue = {
  add(noted: NotedDenial): void
  /** Removes the oldest entries, at most `limit`. */
  take(limit: number): QueueEntry[]
  /** Counts the entries of `take` as kept or merged if they are written, otherwise as dropped. */
  settle(entries: readonly QueueEntry[], isWritten: boolean): void
  counts(): DenialCounts
}

export type NotedDenial = Pick<QueueEntry, 'scope' | 'kind' | 'at' | 'origin'> & { denial: Denial }

export type QueueBounds = {
  /** The maximum number of waiting entries, and of denials that are told apart in one minute. */
  entries: number
  /** The share of one environment, so that a flood in one loses nothing of another. */
  entriesPerEnvironment: number
  bytes: number
}

const MINUTE_MS = 60_000

/**
 * How many denials of one kind, customer, feature, entity and reason are kept apart within a
 * minute. Further ones only raise the count of the last one, so that a loop of denied requests does
 * not push out everything else.
 */
const APART: Readonly<Record<DecisionKind, number>> = { CHECK: 1, CONSUME: 20, RESERVE: 20 }

/** The denials of a minute. */
type Minute = {
  at: Instant
  /** By the name. */
  known: Map<string, { last: OpenEntry; entries: number }>
  perEnvironment: Map<string, number>
  entries: number
}

const minuteAt = (at: Instant): Minute => ({
  at,
  known: new Map(),
  perEnvironment: new Map(),
  entries: 0,
})

export function createDenialQueue(bounds: QueueBounds): DenialQueue {
  const waiting = new Set<OpenEntry>()
  const counts = { kept: 0, merged: 0, dropped: 0 }
  let bytes = 0
  let minute = minuteAt(Number.NaN)

  const merge = (entry: OpenEntry, at: Instant) => {
    entry.count += 1
    entry.lastAt = Math.max(entry.lastAt, at)
    if (entry.isWaiting) return
    entry.isWaiting = true
    waiting.add(entry)
  }
  const hasRoom = (environmentKey: string, more: number): boolean =>
    waiting.size < bounds.entries &&
    minute.entries < bounds.entries &&
    bytes + more <= bounds.bytes &&
    (minute.perEnvironment.get(environmentKey) ?? 0) < bounds.entriesPerEnvironment

  const keep = (entry: OpenEntry, before: number) => {
    const { environmentKey } = entry.scope
    const ofEnvironment = minute.perEnvironment.get(environmentKey) ?? 0
    minute.known.set(entry.name, { last: entry, entries: before + 1 })
    minute.perEnvironment.set(environmentKey, ofEnvironment + 1)
    minute.entries += 1
    waiting.add(entry)
    bytes += entry.denial?.bytes ?? 0
  }

  return {
    add: (noted) => {
      const { scope, kind, at, denial } = noted
      const startOfMinute = at - (at % MINUTE_MS)
      if (minute.at !== startOfMinute) minute = minuteAt(startOfMinute)
      const name = nameOf(noted)
      const known = minute.known.get(name)
      if (known !== undefined && known.entries >= APART[kind]) merge(known.last, at)
      else if (!hasRoom(scope.environmentKey, denial.bytes)) counts.dropped += 1
      else keep({ ...noted, ...newEntry(noted), name, minute: minute.at }, known?.entries ?? 0)
    },
    take: (limit) => {
      const taken: QueueEntry[] = []
      for (const entry of waiting) {
        if (taken.length === limit) break
        waiting.delete(entry)
        entry.isWaiting = false
        bytes -= entry.denial?.bytes ?? 0
        entry.mergeKey ||= mergeKeyOf(entry)
        // What is denied while this is written is counted with the next set.
        taken.push({ ...entry })
        entry.count = 0
        entry.denial = null
      }
      return taken
    },
    settle: (entries, isWritten) => {
      for (const { denial, count } of entries)
        if (isWritten) {
          const own = denial === null ? 0 : 1
          counts.kept += own
          counts.merged += count - own
        } else counts.dropped += count
    },
    counts: () => ({ ...counts, waiting: waiting.size }),
  }
}

const newEntry = ({ at, denial }: NotedDenial) => ({
  customerId: denial.customerId,
  lastAt: at,
  count: 1,
  isWaiting: true,
  mergeKey: '',
})

const nameOf = ({ scope, kind, denial }: NotedDenial): string =>
  JSON.stringify([
    ...[scope.environmentKey, kind, denial.customerId, denial.capability, denial.reason],
    denial.entityId,
  ])

/** Checks that are denied for the same reason in the same minute have one key on all servers. */
function mergeKeyOf({ kind, name, minute }: QueueEntry): Uuid {
  if (kind !== 'CHECK') return randomUUID()
  const digest = createHash('sha256').update(`${minute} ${name}`).digest('hex')
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
