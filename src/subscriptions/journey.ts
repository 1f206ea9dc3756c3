import { findProductsByKey, type Product } from '../catalog/products/index.ts'
import type { Reader } from '../db/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Ids, Uuid } from '../kernel/ids.ts'
import type { Successor } from './types.ts'

/** Returns a product that has subscriptions. */
export async function productOf(reader: Reader, productKey: Uuid): Promise<Product> {
  const [product] = await findProductsByKey(reader, [productKey])
  return required(product, 'the product of a line')
}

/** Returns the key of the free plan that follows the end of a subscription; null for none. */
export const downgradePlanOf = ({ settings }: Product): Uuid | null =>
  settings.endSetup === 'DOWNGRADE_TO_FREE' ? (settings.downgradePlan?.key ?? null) : null

/** Returns a new subscription that may follow another one; null if nothing follows. */
export function newSuccessor(product: Product, ids: Ids, now: Instant): Successor | null {
  const planKey = downgradePlanOf(product)
  if (planKey === null) return null
  const key = ids.next(now)
  return { key, id: key, planKey }
}
