import type { Decision } from '../../../src/api.gen.ts'
import { instantIn, type Search, useAddresses, useFilters } from '../address-state.ts'
import { useList } from '../api/use-read.ts'
import { formatNumber } from '../format.ts'
import { choiceIn, labelledChoices } from '../ui/choices.ts'
import { SearchField } from '../ui/field.tsx'
import { FilterInstant, FilterSelect } from '../ui/filter.tsx'
import { Toolbar } from '../ui/page.tsx'
import { Empty } from '../ui/states.tsx'
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

const GROUPS = labelledChoices({ '': 'no', budget: 'by budget' })

const filterOf = (search: Search) => ({
  entity: search.entity ?? '',
  from: instantIn(search.from),
  to: instantIn(search.to),
})

const groupOf = ({ group }: Search) => ({ group: choiceIn(GROUPS, group, '') })

/** Denials, the last first, or the most frequent. Of one customer, or of the environment. */
export function Denials({ customerId }: { customerId?: string }) {
  const addresses = useAddresses()
  const filters = useFilters(filterOf)
  const grouping = useFilters(groupOf)
  const { entity, from, to } = filters.values
  const list = useList('v1.decisions.list', {
    query: {
      ...(grouping.isSet && { limit: MOST_GROUPED }),
      ...(customerId !== undefined && { customerId }),
      ...(entity !== '' && { entityId: entity }),
      ...((from !== '' || to !== '') && {
        decidedAt: { ...(from !== '' && { gte: from }), ...(to !== '' && { lt: to }) },
      }),
    },
  })
  const isGrouped = grouping.isSet && (list.rows?.length ?? 0) > 0
  return (
    <>
      <Toolbar>
        <SearchField {...filters.bind('entity')} label="Id of an entity" />
        <FilterInstant {...filters.bind('from')} label="From" />
        <FilterInstant {...filters.bind('to')} label="To" />
        <FilterSelect {...grouping.bind('group')} label="Group" choices={GROUPS} />
      </Toolbar>
      {isGrouped ? (
        <DenialGroups rows={list.rows ?? []} hasMore={list.hasNextPage} />
      ) : (
        <ListTable
          label="Denials"
          list={list}
          columns={customerId === undefined ? [WHEN, CUSTOMER, ...OTHERS] : [WHEN, ...OTHERS]}
          toOf={({ id }) => addresses.decision(id)}
          what="denial"
          filters={filters}
          empty={
            <Empty title="Nothing was denied. Denials of checks and consumption appear here." />
          }
        />
      )}
    </>
  )
}
