import { MutationCache, type Query, QueryCache, QueryClient } from '@tanstack/react-query'
import { CallError, isTransient } from './errors.ts'

const MOST_RETRIES = 2
/** How soon what could not be read is asked for again, in milliseconds. */
const AGAIN_MS = 15_000

/** How soon something that rarely changes is read again. False: only when it could not be read. */
export const rarely =
  (everyMs: number | false) =>
  ({ state }: Pick<Query, 'state'>): number | false =>
    state.error === null ? everyMs : AGAIN_MS

/** `onSignedOut`: the server no longer knows the credential. */
export function createQueries(onSignedOut: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof CallError && error.status === 401) onSignedOut()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        networkMode: 'always',
        staleTime: 2_000,
        retry: (failures, error) => isTransient(error) && failures < MOST_RETRIES,
        retryDelay: (failures, error) =>
          (error instanceof CallError ? error.retryAfterMs : null) ?? 500 * 2 ** failures,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}
