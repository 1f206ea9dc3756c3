import type { PackageEntitlement, Plan } from '../../../src/api.gen.ts'
import { targetOf } from './entitlement-words.ts'
import type { PackageVersion } from './operations.ts'
import type { Packages } from './use-packages.ts'

/** A plan that another one inherits from, and what it gives itself. */
export type Ancestor = { id: string; entitlements: readonly PackageEntitlement[] }

/** An entitlement, and where it comes from. */
export type EntitlementRow = {
  entitlement: PackageEntitlement
  /** The plan that it is inherited from. Null: it is of the package itself. */
  from: string | null
  /** What a parent gives of the same, which it replaces. */
  replaces: { planId: string; entitlement: PackageEntitlement } | null
}

/** The most plans above a plan whose entitlements are shown. */
export const MOST_ANCESTORS = 5

/** Returns the ids of the plans that a version inherits from, the nearest first. */
export function ancestorsOf(
  version: PackageVersion,
  publishedOf: (id: string) => PackageVersion | null,
): string[] {
  const ids: string[] = []
  let next = parentOf(version)
  while (next !== null && ids.length < MOST_ANCESTORS && ![version.id, ...ids].includes(next)) {
    ids.push(next)
    next = parentOf(publishedOf(next))
  }
  return ids
}

/** Returns the names of the plans that inherit from one, as they are published. */
export const heirsOf = (
  planId: string,
  { all, publishedOf }: Pick<Packages, 'all' | 'publishedOf'>,
): string[] =>
  all
    .filter(({ id }) => {
      const published = publishedOf(id)
      return published !== null && ancestorsOf(published, publishedOf).includes(planId)
    })
    .map(({ displayName }) => displayName)

const parentOf = (version: PackageVersion | null): string | null =>
  (version as Partial<Plan> | null)?.parentPlanId ?? null

/**
 * Returns all that a package gives: its own entitlements, then those that it inherits. Of each
 * feature and currency only the nearest counts; one that takes away is not inherited.
 */
export function rowsOf(
  own: readonly PackageEntitlement[],
  ancestors: readonly Ancestor[],
): EntitlementRow[] {
  const inherited = new Map<string, { planId: string; entitlement: PackageEntitlement }>()
  for (const { id: planId, entitlements } of ancestors)
    for (const entitlement of entitlements)
      if (!inherited.has(targetOf(entitlement)))
        inherited.set(targetOf(entitlement), { planId, entitlement })
  const given = [...inherited].filter(([, { entitlement }]) => entitlement.isGranted)
  const ownTargets = new Set(own.map(targetOf))
  return [
    ...own.map((entitlement) => ({
      entitlement,
      from: null,
      replaces: given.find(([target]) => target === targetOf(entitlement))?.[1] ?? null,
    })),
    ...given
      .filter(([target]) => !ownTargets.has(target))
      .map(([, { planId, entitlement }]) => ({ entitlement, from: planId, replaces: null })),
  ]
}
