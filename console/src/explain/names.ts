import { useQueries } from '@tanstack/react-query'
import type { EntitlementExplanationNode } from '../../../src/api.gen.ts'
import { call } from '../api/call.ts'
import { useSession } from '../api/session.tsx'

/** Names of entities, by id. An entity without a name is not in it. */
export type Names = ReadonlyMap<string, string>

/** Names that one drawing asks for. The others are shown by their ids. */
const MOST = 16
const STALE_MS = 300_000

export const idsIn = (chains: readonly (readonly EntitlementExplanationNode[])[]): string[] => [
  ...new Set(
    chains.flat().flatMap(({ entityId, scopeEntityIds }) => [entityId, ...scopeEntityIds]),
  ),
]

/** Reads the names of the entities of a drawing. Names change rarely, so they are kept. */
export function useNames(customerId: string, ids: readonly string[]): Names {
  const { caller, environment, whyNot } = useSession()
  const isOn = whyNot('v1Beta.customers.entities.retrieve') === null
  return useQueries({
    queries: ids.slice(0, MOST).map((entityId) => {
      const request = { params: { id: customerId, entityId } }
      return {
        queryKey: [environment, 'v1Beta.customers.entities.retrieve', request],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          call(caller, 'v1Beta.customers.entities.retrieve', request, { signal }),
        enabled: isOn,
        staleTime: STALE_MS,
        retry: false,
      }
    }),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }): [string, string][] =>
          data?.data.displayName ? [[data.data.id, data.data.displayName]] : [],
        ),
      ),
  })
}
