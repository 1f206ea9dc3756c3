import type { Product } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'

/** Reads the product of a plan or an add-on. */
export function useProduct(of: { productId: string } | undefined): Product | undefined {
  const operation = 'v1.products.listProducts'
  const isOn = useSession().whyNot(operation) === null && of !== undefined
  return useRead(operation, { query: { id: of?.productId ?? '' } }, { isOn }).data?.data[0]
}
