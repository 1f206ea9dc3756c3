import { useQueries } from '@tanstack/react-query'
import type { EntitlementExplanationNode } from '../../../src/api.gen.ts'
import { call } from '../api/call.ts'
import { rarely } from '../api/queries.ts'
import { useSession } from '../api/session.tsx'

type Chains = readonly (readonly EntitlementExplanationNode[])[]

/** Names of entities, by id. An entity without a name is not in it. */
export type Names = ReadonlyMap<string, string>

/** Chains whose names one drawing asks for. Entities of the others are shown by their ids. */
const MOST = 3
const STALE_MS = 300_000
const PATH = 'v1.customers.entities.retrievePath'

/**
 * Reads the names of the entities of a drawing, one request for each chain: it starts with the
 * entity that was named, and the rest is above it. Names change rarely, so they are kept.
 */
export function useNames(customerId: string, chains: Chains): Names {
  const { caller, environment, whyNot } = useSession()
  const isOn = whyNot(PATH) === null
  const named = new Set(chains.flatMap(([first]) => first?.entityId ?? []))
  return useQueries({
    queries: [...named].slice(0, MOST).map((entityId) => {
      const request = { params: { id: customerId, entityId } }
      return {
        queryKey: [environment, PATH, request],
        queryFn: ({ signal }: { signal: AbortSignal }) => call(caller, PATH, request, { signal }),
        enabled: isOn,
        staleTime: STALE_MS,
        refetchInterval: rarely(false),
        retry: false,
      }
    }),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }) =>
          (data?.data.nodes ?? []).flatMap(({ entityId, displayName }): [string, string][] =>
            displayName ? [[entityId, displayName]] : [],
          ),
        ),
      ),
  })
}
