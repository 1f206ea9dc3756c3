import type { SearchHit } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { useDebounced } from '../use-debounced.ts'

/** How long somebody has stopped typing before the server is asked, in milliseconds. */
const PAUSE_MS = 120
/** The most that one search answers, and the most entities of the customer whose view is open. */
const MOST = 20
const MOST_INSIDE = 8
/** The longest text that a search takes, in characters. */
export const LONGEST_TEXT = 100

export type Hits = {
  /** The best first. Entities of the customer whose view is open come before all others. */
  rows: readonly SearchHit[]
  /** Whether these are the hits of the text as it is now. */
  isSettled: boolean
  error: Error | null
  /** Why the caller may not search, or null. */
  reason: string | null
}

/** Searches over everything. `customerId`: the customer whose view is open, or an empty text. */
export function useHits(text: string, customerId: string): Hits {
  const reason = useSession().whyNot('v1.search')
  const q = useDebounced(text, PAUSE_MS)
  const isOn = q !== '' && reason === null
  const everywhere = useRead(
    'v1.search',
    { query: { q, limit: MOST } },
    { everyMs: EVERY.total, isOn },
  )
  const isInside = isOn && customerId !== ''
  const inside = useRead(
    'v1.search',
    { query: { q, customerId, kinds: ['ENTITY'], limit: MOST_INSIDE } },
    { everyMs: EVERY.total, isOn: isInside },
  )
  if (text === '' || reason !== null) return { rows: [], isSettled: true, error: null, reason }
  const readings = isInside ? [inside, everywhere] : [everywhere]
  const rows = new Map<string, SearchHit>()
  for (const hit of readings.flatMap(({ data }) => data?.data ?? []))
    if (!rows.has(keyOf(hit))) rows.set(keyOf(hit), hit)
  return {
    rows: [...rows.values()],
    isSettled: q === text && readings.every((each) => !each.isPlaceholderData && !each.isPending),
    error: readings.find(({ error }) => error !== null)?.error ?? null,
    reason,
  }
}

/** Ids are unique within their kind, and those of entities within their customer. */
export const keyOf = ({ kind, customerId, id }: SearchHit): string =>
  `${kind} ${customerId ?? ''} ${id}`
