import type { BudgetRow } from '../../../../src/api.gen.ts'
import { useAddresses, useFilters } from '../../address-state.ts'
import { EVERY, useList, useRead } from '../../api/use-read.ts'
import { RunsOut, shareColumn } from '../../customer/runs-out.tsx'
import { formatNumber, formatReset } from '../../format.ts'
import { choicesOf } from '../../ui/choices.ts'
import { FilterSelect, FilterText } from '../../ui/filter.tsx'
import { Muted, Page, Toolbar } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, Time } from '../../ui/text.tsx'
import { ORDERS, queryOf, readFilters, readOrder, SHARES, WITHIN } from './filter.ts'

const COLUMNS: readonly Column<BudgetRow>[] = [
  {
    title: 'Entity',
    cell: ({ displayName, entityId, scopeEntityIds }) => (
      <>
        <Name name={displayName} id={entityId} />
        {scopeEntityIds.length > 0 && <Muted> only with {scopeEntityIds.join(', ')}</Muted>}
      </>
    ),
  },
  {
    title: 'Customer',
    cell: ({ customerName, customerId }) => <Name name={customerName} id={customerId} />,
  },
  { title: 'Type', cell: ({ entityTypeId }) => <Id>{entityTypeId}</Id>, isSecondary: true },
  { title: 'Of', cell: ({ featureId, currencyId }) => <Id>{featureId ?? currencyId ?? ''}</Id> },
  { title: 'Used', cell: ({ currentUsage }) => formatNumber(currentUsage), isEnd: true },
  {
    title: 'Limit',
    cell: ({ usageLimit, cadence, usagePeriodEnd }) =>
      `${formatNumber(usageLimit ?? 0)}${usagePeriodEnd === null ? '' : ` ${formatReset(cadence)}`}`,
    isEnd: true,
    isSecondary: true,
  },
  shareColumn('140px'),
  { title: 'Runs out', cell: (budget) => <RunsOut budget={budget} /> },
]

const ALL = { value: '', label: 'all' }

/** Budgets of all customers: what runs out first, or what is nearest to its limit. */
export function View() {
  const addresses = useAddresses()
  const order = useFilters(readOrder)
  const filters = useFilters(readFilters)
  const list = useList('v1.budgets.list', {
    query: { sortBy: order.values.order, ...queryOf(filters.values) },
  })
  const choices = useFilterChoices()
  const rankedAt = list.first?.rankedAt
  return (
    <Page title="Budgets" lead="Budgets with a limit and with usage, of all customers.">
      <Toolbar>
        <FilterSelect {...order.bind('order')} label="Order" choices={ORDERS} />
        <FilterSelect {...filters.bind('within')} label="Run out" choices={WITHIN} />
        <FilterSelect {...filters.bind('share')} label="Used" choices={SHARES} />
        <FilterSelect {...filters.bind('type')} label="Type" choices={choices.types} />
        <FilterSelect {...filters.bind('feature')} label="Feature" choices={choices.features} />
        <FilterText {...filters.bind('customer')} label="Customer id" />
        <span data-end>
          {rankedAt && (
            <Muted>
              Order of <Time at={rankedAt} />
            </Muted>
          )}
        </span>
      </Toolbar>
      <ListTable
        label="Budgets"
        list={list}
        columns={COLUMNS}
        toOf={({ customerId, entityId, featureId }) =>
          addresses.entity(customerId, entityId, featureId)
        }
        what="budget"
        filters={filters}
        empty={<Empty title="Nothing runs out. Budgets of all customers appear here." />}
      />
    </Page>
  )
}

/** The values that filters offer: at most a hundred each. */
function useFilterChoices() {
  const types = useRead(
    'v1Beta.entityTypes.list',
    { query: { limit: 100 } },
    { everyMs: EVERY.total },
  )
  const features = useRead(
    'v1.features.listFeatures',
    { query: { limit: 100, meterType: ['INCREMENTAL', 'FLUCTUATING'], status: ['NEW', 'ACTIVE'] } },
    { everyMs: EVERY.total },
  )
  return {
    types: [ALL, ...choicesOf(types.data?.data)],
    features: [ALL, ...choicesOf(features.data?.data)],
  }
}
