import type { Customer } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'

const ID = /^[A-Za-z0-9][\w|.@-]*$/
const MOST = 8

/** Customers with exactly this id, name or e-mail. Without words, the newest. */
export function useCustomersFound(text: string): { rows: Customer[]; isPending: boolean } {
  const mayRead = useSession().whyNot('v1.customers.list') === null
  const by = text === '' ? {} : text.includes('@') ? { email: text } : { name: text }
  const list = useRead('v1.customers.list', { query: { limit: MOST, ...by } }, { isOn: mayRead })
  const isId = mayRead && ID.test(text)
  const one = useRead('v1.customers.retrieve', { params: { id: text } }, { isOn: isId })
  const own = isId && one.data ? [one.data.data] : []
  const others = (list.data?.data ?? []).filter(({ id }) => id !== own[0]?.id)
  return { rows: [...own, ...others], isPending: list.isPending || (isId && one.isPending) }
}
