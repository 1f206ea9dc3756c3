import { type ChangeSearch, instantIn, type Search } from '../address-state.ts'
import { Choices } from '../ui/field.tsx'
import { FilterInstant, FilterText } from '../ui/filter.tsx'
import { Toolbar } from '../ui/page.tsx'

/** What the address says about which activity is shown. */
export type ActivityFilter = ReturnType<typeof filterOf>

export const FILTERS = ['type', 'object', 'customer', 'actor', 'from', 'to'] as const

/** In place of the id of the row that is open: the last one. */
export const LAST = 'last'

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
  ...(filter.type !== '' && { type: filter.type.split(',') }),
  ...(filter.object !== '' && { objectId: filter.object }),
  ...((customerId ?? filter.customer) !== '' && { customerId: customerId ?? filter.customer }),
  ...((filter.from !== '' || filter.to !== '') && {
    occurredAt: {
      ...(filter.from !== '' && { gte: filter.from }),
      ...(filter.to !== '' && { lt: filter.to }),
    },
  }),
})

export function ActivityFilters(props: {
  filter: ActivityFilter
  change: ChangeSearch
  hasCustomer: boolean
  types: readonly string[]
}) {
  const { filter, change, hasCustomer, types } = props
  const set = (name: string) => (text: string) => change({ [name]: text || null, open: null })
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
      <FilterInstant label="From" value={filter.from} onChange={set('from')} />
      <FilterInstant label="To" value={filter.to} onChange={set('to')} />
    </Toolbar>
  )
}
