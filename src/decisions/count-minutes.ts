import type { AccessDeniedReason } from '../api.gen.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { DecisionKind, MinuteCounts } from './types.ts'

/** The counts of one environment in one minute. */
export type MinuteOf = { environmentKey: Uuid; minute: Instant; counts: MinuteCounts }

type OpenMinute = {
  environmentKey: Uuid
  minute: Instant
  counts: Omit<MinuteCounts, 'denials'> & { denials: Record<string, number> }
  isWritten: boolean
}

/** Counts in memory. Nothing here waits or reads a database. */
export type MinuteCounter = {
  decided(of: MinuteKey, kind: DecisionKind, reason: AccessDeniedReason | null): void
  recorded(of: MinuteKey, records: number): void
  /** The minutes of an environment that are still in memory. */
  of(environmentKey: Uuid): MinuteOf[]
  /** Minutes that have changed since they were last taken, at most `limit`. */
  take(limit: number): MinuteOf[]
  /** To be called after `take`. Drops minutes that are written and have ended by `now`. */
  settle(taken: readonly MinuteOf[], of: { isWritten: boolean; now: Instant }): void
}

type MinuteKey = { environmentKey: Uuid; at: Instant }

const MINUTE_MS = 60_000
/** The maximum number of minutes in memory, about 5 MB. Beyond it, nothing is counted. */
const MINUTES = 10_000

const FIELDS = { CHECK: 'checks', CONSUME: 'consumptions', RESERVE: 'reservations' } as const

export function countMinutes(): MinuteCounter {
  const minutes = new Map<Uuid, OpenMinute[]>()
  let size = 0

  /** Tries the last minute of the environment first, because it is nearly always the right one. */
  const open = ({ environmentKey, at }: MinuteKey): OpenMinute | null => {
    const minute = at - (at % MINUTE_MS)
    const own = minutes.get(environmentKey)
    const last = own?.at(-1)
    if (last?.minute === minute) return last
    const known = own?.find((each) => each.minute === minute)
    if (known !== undefined) return known
    if (size >= MINUTES) return null
    const counts = { ...NOTHING, denials: {} }
    const made = { environmentKey, minute, counts, isWritten: true }
    if (own === undefined) minutes.set(environmentKey, [made])
    else own.push(made)
    size += 1
    return made
  }
  const dropEnded = (environmentKey: Uuid, now: Instant) => {
    const own = minutes.get(environmentKey) ?? []
    const left = own.filter(({ minute, isWritten }) => !isWritten || minute + MINUTE_MS > now)
    size -= own.length - left.length
    if (left.length === 0) minutes.delete(environmentKey)
    else minutes.set(environmentKey, left)
  }

  return {
    decided: (of, kind, reason) => {
      const minute = open(of)
      if (minute === null) return
      const { counts } = minute
      minute.isWritten = false
      counts[FIELDS[kind]] += 1
      if (reason === null) counts.granted += 1
      else counts.denials[reason] = (counts.denials[reason] ?? 0) + 1
    },
    recorded: (of, records) => {
      const minute = open(of)
      if (minute === null) return
      minute.isWritten = false
      minute.counts.records += records
    },
    of: (environmentKey) => (minutes.get(environmentKey) ?? []).map(copyOf),
    take: (limit) => {
      const changed = [...minutes.values()].flat().filter(({ isWritten }) => !isWritten)
      return changed.slice(0, limit).map((each) => {
        each.isWritten = true
        return copyOf(each)
      })
    },
    settle: (taken, { isWritten, now }) => {
      // All are marked before any is dropped: minutes of one environment are dropped together.
      if (!isWritten)
        for (const { environmentKey, minute } of taken) {
          const own = minutes.get(environmentKey)?.find((each) => each.minute === minute)
          if (own !== undefined) own.isWritten = false
        }
      for (const { environmentKey } of taken) dropEnded(environmentKey, now)
    },
  }
}

const NOTHING = { checks: 0, consumptions: 0, reservations: 0, granted: 0, records: 0 }

const copyOf = ({ environmentKey, minute, counts }: OpenMinute): MinuteOf => ({
  environmentKey,
  minute,
  counts: { ...counts, denials: { ...counts.denials } },
})
