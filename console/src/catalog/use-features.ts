import type { Feature } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { useDebounced } from '../use-debounced.ts'

/** Features to choose from, and names. Other features can be named by their ids. */
const MOST = 100
/** How long somebody has stopped typing an id before the server is asked, in milliseconds. */
const PAUSE_MS = 200

/** Reads the features that can be granted: the newest ones, if there are many. */
export function useFeatures(): readonly Feature[] | undefined {
  const mayRead = useSession().whyNot('v1.features.listFeatures') === null
  return useRead(
    'v1.features.listFeatures',
    { query: { limit: MOST } },
    { everyMs: EVERY.total, isOn: mayRead },
  ).data?.data
}

/** Returns the feature of an id that is typed. It is read alone if it is not among the others. */
export function useFeature(id: string, features: readonly Feature[] | undefined): Feature | null {
  const mayRead = useSession().whyNot('v1.features.listFeatures') === null
  const wanted = useDebounced(id.trim(), PAUSE_MS)
  const known = features?.find((each) => each.id === id.trim())
  const isOn = mayRead && features !== undefined && known === undefined && wanted !== ''
  const alone = useRead('v1.features.listFeatures', { query: { id: wanted } }, { isOn })
  return known ?? alone.data?.data.find((each) => each.id === id.trim()) ?? null
}
