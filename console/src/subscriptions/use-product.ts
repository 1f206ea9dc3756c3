import type { Plan, Product } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'

/** Reads the product of a plan. */
export function useProduct(plan: Plan | undefined): Product | undefined {
  const operation = 'v1.products.listProducts'
  const isOn = useSession().whyNot(operation) === null && plan !== undefined
  return useRead(operation, { query: { id: plan?.productId ?? '' } }, { isOn }).data?.data[0]
}
