import type { Decision } from '../../../src/api.gen.ts'
import {
  type ChangeSearch,
  instantIn,
  type Search,
  useAddresses,
  useAddressState,
} from '../address-state.ts'
import { useList } from '../api/use-read.ts'
import { formatNumber } from '../format.ts'
import { SearchField } from '../ui/field.tsx'
import { FilterInstant, FilterSelect } from '../ui/filter.tsx'
import { Toolbar } from '../ui/page.tsx'
import { Empty, EmptyFiltered } from '../ui/states.tsx'
import { type Column, ListTable } from '../ui/table.tsx'
import { Chip, Id, None, Time } from '../ui/text.tsx'
import { DenialGroups } from './denial-groups.tsx'
import { REASONS } from './reasons.ts'

/** Rows that are grouped. Of more, the groups say that there are at least so many. */
const MOST_GROUPED = 100

const KINDS: Readonly<Record<Decision['kind'], string>> = {
  CHECK: 'check',
  CONSUME: 'consume',
  RESERVE: 'reserve',
}

const WHEN: Column<Decision> = { title: 'When', cell: ({ lastAt }) => <Time at={lastAt} /> }
const CUSTOMER: Column<Decision> = {
  title: 'Customer',
  cell: ({ customerId }) => <Id>{customerId}</Id>,
}
const OTHERS: readonly Column<Decision>[] = [
  {
    title: 'Entity',
    cell: ({ entityId }) => (entityId ? <Id>{entityId}</Id> : <None />),
    isSecondary: true,
  },
  { title: 'Of', cell: ({ featureId, currencyId }) => <Id>{featureId ?? currencyId ?? ''}</Id> },
  {
    title: 'Asked',
    cell: ({ request }) =>
      request?.requestedUsage == null ? <None /> : formatNumber(request.requestedUsage),
    isEnd: true,
    isSecondary: true,
  },
  { title: 'Why', cell: ({ accessDeniedReason }) => REASONS[accessDeniedReason] },
  { title: 'By', cell: ({ kind }) => <Chip>{KINDS[kind]}</Chip>, isSecondary: true },
  {
    title: 'Times',
    cell: ({ count }) => formatNumber(count),
    isEnd: true,
    isSecondary: true,
  },
]

const filterOf = (search: Search) => ({
  entity: search.entity ?? '',
  from: instantIn(search.from),
  to: instantIn(search.to),
  isGrouped: search.group === 'budget',
})

const NO_FILTER = { entity: null, from: null, to: null }

/** Denials, the last first, or the most frequent. Of one customer, or of the environment. */
export function Denials({ customerId }: { customerId?: string }) {
  const addresses = useAddresses()
  const [filter, change] = useAddressState(filterOf)
  const { entity, from, to, isGrouped } = filter
  const isFiltered = entity !== '' || from !== '' || to !== ''
  const list = useList('v1.decisions.list', {
    query: {
      ...(isGrouped && { limit: MOST_GROUPED }),
      ...(customerId !== undefined && { customerId }),
      ...(entity !== '' && { entityId: entity }),
      ...((from !== '' || to !== '') && {
        decidedAt: { ...(from !== '' && { gte: from }), ...(to !== '' && { lt: to }) },
      }),
    },
  })
  const isShown = isGrouped && (list.rows?.length ?? 0) > 0
  return (
    <>
      <DenialFilters filter={filter} change={change} />
      {isShown ? (
        <DenialGroups rows={list.rows ?? []} hasMore={list.hasNextPage} />
      ) : (
        <ListTable
          label="Denials"
          list={list}
          columns={customerId === undefined ? [WHEN, CUSTOMER, ...OTHERS] : [WHEN, ...OTHERS]}
          keyOf={({ id }) => id}
          toOf={({ id }) => addresses.decision(id)}
          empty={
            isFiltered ? (
              <EmptyFiltered what="denial" onClear={() => change(NO_FILTER)} />
            ) : (
              <Empty title="Nothing was denied. Denials of checks and consumption appear here." />
            )
          }
        />
      )}
    </>
  )
}

function DenialFilters(props: { filter: ReturnType<typeof filterOf>; change: ChangeSearch }) {
  const { filter, change } = props
  return (
    <Toolbar>
      <SearchField
        label="Id of an entity"
        value={filter.entity}
        onChange={(id) => change({ entity: id || null })}
      />
      <FilterInstant
        label="From"
        value={filter.from}
        onChange={(from) => change({ from: from || null })}
      />
      <FilterInstant label="To" value={filter.to} onChange={(to) => change({ to: to || null })} />
      <FilterSelect
        label="Group"
        value={filter.isGrouped ? 'budget' : ''}
        onChange={(group) => change({ group: group || null })}
        choices={[
          { value: '', label: 'no' },
          { value: 'budget', label: 'by budget' },
        ]}
      />
    </Toolbar>
  )
}
