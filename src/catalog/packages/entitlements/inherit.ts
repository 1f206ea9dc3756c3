import { nameOf, targetOf } from './entitlements-of-version.ts'
import type { PackageEntitlement } from './types.ts'

/** The most plans above a plan. A decision reads the entitlements of all of them. */
export const INHERITANCE_LIMIT = 10

/** `from` is the id of the plan that gives it. */
export type InheritedEntitlement = { from: string; entitlement: PackageEntitlement }

/**
 * Returns what comes down from the plans above a plan, the nearest of which is the first. Of each
 * feature and currency only the nearest counts. One that takes away leaves nothing to inherit.
 */
export function inheritedOf(
  above: readonly { id: string; entitlements: readonly PackageEntitlement[] }[],
): InheritedEntitlement[] {
  const nearest = new Map<string, InheritedEntitlement>()
  for (const { id, entitlements } of above)
    for (const entitlement of entitlements) {
      const target = nameOf(targetOf(entitlement))
      if (!nearest.has(target)) nearest.set(target, { from: id, entitlement })
    }
  return [...nearest.values()].filter(({ entitlement }) => entitlement.isGranted)
}
