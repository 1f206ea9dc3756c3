import type { CustomCurrency } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'

/** Reads the custom currencies that are in use: the newest ones, if there are many. */
export function useCurrencies(): readonly CustomCurrency[] | undefined {
  const id = 'v1.credits.customCurrencies.list'
  const mayRead = useSession().whyNot(id) === null
  return useRead(id, { query: { limit: 100 } }, { everyMs: EVERY.total, isOn: mayRead }).data?.data
}
