import { useQueries } from '@tanstack/react-query'
import type { PackageEntitlement } from '../../../src/api.gen.ts'
import { call } from '../api/call.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { OPERATIONS, type PackageKind, pathOf } from './operations.ts'

/**
 * Reads the entitlements of the draft of a plan or an add-on, or of what is published of it. With
 * `isInherited`, also what a plan inherits.
 */
export function useEntitlements(
  { kind, id }: { kind: PackageKind; id: string },
  options: { isDraft: boolean; isInherited?: boolean; isOn?: boolean; everyMs?: number },
) {
  const { isDraft, isInherited = false, isOn = true, everyMs = EVERY.list } = options
  const list = OPERATIONS[kind].entitlements.list
  const mayRead = useSession().whyNot(list) === null
  const query = {
    draft: isDraft ? ('true' as const) : ('false' as const),
    ...(isInherited && kind === 'plan' && { inherited: 'true' as const }),
  }
  return useRead(list, { params: pathOf(id), query }, { everyMs, isOn: isOn && mayRead })
}

/** What an add-on gives. */
type Given = { id: string; entitlements: readonly PackageEntitlement[] }

/** Reads what is published of add-ons, one request for each. Undefined until all are read. */
export function useEntitlementsOfAddons(ids: readonly string[]): {
  addons: readonly Given[] | undefined
  error: Error | null
} {
  const { caller, environment, whyNot } = useSession()
  const { list } = OPERATIONS.addon.entitlements
  return useQueries({
    queries: ids.map((id) => {
      const request = { params: pathOf(id), query: { draft: 'false' as const } }
      return {
        queryKey: [environment, list, request],
        queryFn: ({ signal }: { signal: AbortSignal }) => call(caller, list, request, { signal }),
        enabled: whyNot(list) === null,
        refetchInterval: EVERY.list,
      }
    }),
    combine: (results) => {
      const given = results.flatMap(({ data }, at): Given[] =>
        data ? [{ id: ids[at] ?? '', entitlements: data.data }] : [],
      )
      return {
        addons: given.length < ids.length ? undefined : given,
        error: results.find(({ error }) => error !== null)?.error ?? null,
      }
    },
  })
}
