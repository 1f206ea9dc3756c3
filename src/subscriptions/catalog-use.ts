import type { CatalogUse } from '../catalog/index.ts'
import type { Look, Place } from './use-store.ts'
import { lookForFeature, lookForSubscribers, wereSold } from './use-store.ts'

/** What the catalog must know of subscriptions before it changes features and products. */
export const subscriptionsUse: Pick<CatalogUse, 'isSubscribed' | 'areSubscribed' | 'wereSold'> = {
  isSubscribed: (reader, scope, featureKey) =>
    isFound((after: Place | null) => lookForFeature(reader, scope, { featureKey, after })),
  areSubscribed: async (reader, planKeys) => {
    for (const planKey of planKeys) {
      const look = (before: Pick<Place, 'key'> | null) =>
        lookForSubscribers(reader, { planKey, before })
      if (await isFound(look)) return true
    }
    return false
  },
  wereSold,
}

/** Returns whether any look finds something. The first one begins at null. */
async function isFound<Place>(look: (from: Place | null) => Promise<Look<Place>>) {
  let from: Place | null = null
  do {
    const found: Look<Place> = await look(from)
    if (found.isFound) return true
    from = found.next
  } while (from !== null)
  return false
}
