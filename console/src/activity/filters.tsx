import type { ChangeSearch, Search } from '../address-state.ts'
import { Choices } from '../ui/field.tsx'
import { FilterText } from '../ui/filter.tsx'
import { Toolbar } from '../ui/page.tsx'

/** What the address says about which activity is shown. */
export type ActivityFilter = ReturnType<typeof filterOf>

export const FILTERS = ['type', 'object', 'customer', 'actor', 'from', 'to'] as const

const instantIn = (text: string | undefined): string => {
  const date = new Date(text ?? '')
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

export const filterOf = (search: Search) => ({
  log: search.log === 'events' ? ('events' as const) : ('changes' as const),
  type: search.type ?? '',
  object: search.object ?? '',
  customer: search.customer ?? '',
  actor: search.actor ?? '',
  from: instantIn(search.from),
  to: instantIn(search.to),
  open: search.open ?? '',
})

/** The filters as both operations read them. `customerId` is that of the view, if it has one. */
export const queryOf = (filter: ActivityFilter, customerId: string | null) => ({
  ...(filter.type !== '' && { type: [filter.type] }),
  ...(filter.object !== '' && { objectId: filter.object }),
  ...((customerId ?? filter.customer) !== '' && { customerId: customerId ?? filter.customer }),
  ...((filter.from !== '' || filter.to !== '') && {
    occurredAt: {
      ...(filter.from !== '' && { gte: filter.from }),
      ...(filter.to !== '' && { lt: filter.to }),
    },
  }),
})

/** An instant as the field of the browser writes it, in its own zone. */
function localText(instant: string): string {
  if (instant === '') return ''
  const date = new Date(instant)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export function ActivityFilters(props: {
  filter: ActivityFilter
  change: ChangeSearch
  hasCustomer: boolean
  types: readonly string[]
}) {
  const { filter, change, hasCustomer, types } = props
  const set = (name: string) => (text: string) => change({ [name]: text || null, open: null })
  const setInstant = (name: string) => (text: string) => set(name)(instantIn(text))
  return (
    <Toolbar>
      <Choices
        label="Log"
        value={filter.log}
        onChange={(log) => change({ log: log === 'events' ? log : null, actor: null, open: null })}
        choices={[
          { value: 'changes', label: 'Changes' },
          { value: 'events', label: 'Events' },
        ]}
      />
      <FilterText label="Type" value={filter.type} onChange={set('type')} suggestions={types} />
      <FilterText label="Object" value={filter.object} onChange={set('object')} />
      {!hasCustomer && (
        <FilterText label="Customer" value={filter.customer} onChange={set('customer')} />
      )}
      {filter.log === 'changes' && (
        <FilterText label="By" value={filter.actor} onChange={set('actor')} />
      )}
      <FilterText
        label="From"
        type="datetime-local"
        value={localText(filter.from)}
        onChange={setInstant('from')}
      />
      <FilterText
        label="To"
        type="datetime-local"
        value={localText(filter.to)}
        onChange={setInstant('to')}
      />
    </Toolbar>
  )
}
