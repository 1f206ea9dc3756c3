import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { type Addresses, addressesIn } from './addresses.ts'
import { useSession } from './api/session.tsx'

/** The search parameters of an address, before a view has read them. */
export type Search = Readonly<Record<string, string | undefined>>

/** Changes some parameters, and leaves the others. Null takes one out. */
export type ChangeSearch = (
  changes: Readonly<Record<string, string | null>>,
  options?: { isStep?: boolean },
) => void

/**
 * The state of a view that its address carries. `read` turns parameters into it; what it does not
 * understand counts as absent. A step can be gone back from.
 */
export function useAddressState<State>(read: (search: Search) => State): [State, ChangeSearch] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const change = useCallback<ChangeSearch>(
    (changes, { isStep = false } = {}) => {
      const next = (former: Search): Search =>
        Object.fromEntries(
          Object.entries({ ...former, ...changes }).filter(([, value]) => value !== null),
        ) as Search
      void navigate({ to: '.', search: next as never, replace: !isStep, resetScroll: false })
    },
    [navigate],
  )
  return [read(search), change]
}

/**
 * The filters of a list, each a parameter of the address. A filter that has its first value is not
 * written there. `read` turns parameters into filters.
 */
export function useFilters<Filters extends Readonly<Record<string, string>>>(
  read: (search: Search) => Filters,
) {
  const [values, change] = useAddressState(read)
  const first = read({})
  const names = Object.keys(first) as (keyof Filters & string)[]
  return {
    values,
    /** Whether any of them has another than its first value. */
    isSet: names.some((name) => values[name] !== first[name]),
    clear: () => change(Object.fromEntries(names.map((name) => [name, null]))),
    /** Connects a control: `<FilterSelect {...filters.bind('type')} label="Type" />`. */
    bind: <Name extends keyof Filters & string>(name: Name) => ({
      value: values[name],
      onChange: (value: Filters[Name]) => change({ [name]: value === first[name] ? null : value }),
    }),
  }
}

/** Reads an instant of an address. Anything else counts as absent: an empty text. */
export function instantIn(text: string | undefined): string {
  const date = new Date(text ?? '')
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** Returns a part of the path, such as the id of the customer. */
export function useParam(name: string): string {
  const params = useParams({ strict: false }) as Record<string, string | undefined>
  return params[name] ?? ''
}

export function useAddresses(): Addresses {
  const { environment } = useSession()
  return useMemo(() => addressesIn(environment), [environment])
}
