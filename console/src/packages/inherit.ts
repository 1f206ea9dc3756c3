import type { PackageEntitlement, Plan } from '../../../src/api.gen.ts'
import { targetOf } from './entitlement-words.ts'
import type { PackageVersion } from './operations.ts'
import type { Packages } from './use-packages.ts'

/** An entitlement, and where it comes from. */
export type EntitlementRow = {
  entitlement: PackageEntitlement
  /** The plan that it is inherited from. Null: it is of the package itself. */
  from: string | null
  /** What a parent gives of the same, which it replaces. */
  replaces: { planId: string; entitlement: PackageEntitlement } | null
}

/** The most plans above a plan. */
const MOST_ANCESTORS = 10

/** Returns the ids of the plans that a version inherits from, the nearest first. */
function ancestorsOf(
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

/** Returns all that a package gives, of what was read: first its own, then what it inherits. */
export function rowsOf(read: readonly PackageEntitlement[]): EntitlementRow[] {
  const inherited = read.flatMap((entitlement) =>
    entitlement.inheritedFrom === undefined
      ? []
      : [{ planId: entitlement.inheritedFrom, entitlement }],
  )
  const own = read.filter(({ inheritedFrom }) => inheritedFrom === undefined)
  const ownTargets = new Set(own.map(targetOf))
  return [
    ...own.map((entitlement) => ({
      entitlement,
      from: null,
      replaces:
        inherited.find((each) => targetOf(each.entitlement) === targetOf(entitlement)) ?? null,
    })),
    ...inherited
      .filter(({ entitlement }) => !ownTargets.has(targetOf(entitlement)))
      .map(({ planId, entitlement }) => ({ entitlement, from: planId, replaces: null })),
  ]
}
