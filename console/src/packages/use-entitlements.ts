import { useQueries } from '@tanstack/react-query'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { call } from '../api/call.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import type { Ancestor } from './inherit.ts'
import { OPERATIONS, type PackageKind, pathOf } from './operations.ts'

/** Reads the entitlements of the draft of a plan or an add-on, or of what is published of it. */
export function useOwnEntitlements(
  { kind, id }: { kind: PackageKind; id: string },
  options: { isDraft: boolean; isOn?: boolean; everyMs?: number },
) {
  const { isDraft, isOn = true, everyMs = EVERY.list } = options
  const list = OPERATIONS[kind].entitlements.list
  const mayRead = useSession().whyNot(list) === null
  const query = { draft: isDraft ? ('true' as const) : ('false' as const) }
  return useRead(list, { params: pathOf(id), query }, { everyMs, isOn: isOn && mayRead })
}

const LIST = 'v1.plans.entitlements.list'

/**
 * Reads what plans give that others inherit from, one request for each. Undefined until all are
 * read.
 */
export function useAncestors(planIds: readonly string[]): {
  ancestors: readonly Ancestor[] | undefined
  error: Error | null
} {
  const { caller, environment } = useSession()
  return useQueries({
    queries: planIds.map((planId) => {
      const request = { params: { planId } }
      return {
        queryKey: [environment, LIST, request],
        queryFn: ({ signal }: { signal: AbortSignal }) => call(caller, LIST, request, { signal }),
        refetchInterval: EVERY.list,
      }
    }),
    combine: (results) => {
      const lists = results.flatMap(({ data }): PackageEntitlement[][] => (data ? [data.data] : []))
      return {
        ancestors:
          lists.length < planIds.length
            ? undefined
            : lists.map((entitlements, at) => ({ planId: planIds[at] ?? '', entitlements })),
        error: results.find(({ error }) => error !== null)?.error ?? null,
      }
    },
  })
}
