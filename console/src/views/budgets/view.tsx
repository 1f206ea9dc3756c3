import type { BudgetRow } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { EVERY, useList, useRead } from '../../api/use-read.ts'
import { RunsOut } from '../../customer/runs-out.tsx'
import { formatNumber, formatReset } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { FilterSelect, FilterText } from '../../ui/filter.tsx'
import { Muted, Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, Time } from '../../ui/text.tsx'
import { isFiltered, ORDERS, queryOf, readAddress, SHARES, WITHIN } from './filter.ts'

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
  {
    title: 'Share',
    cell: ({ currentUsage, holds, usageLimit }) => (
      <Bar used={currentUsage} held={holds} limit={usageLimit ?? 0} />
    ),
    width: '140px',
    isSecondary: true,
  },
  { title: 'Runs out', cell: (budget) => <RunsOut budget={budget} /> },
]

/** Budgets of all customers: what runs out first, or what is nearest to its limit. */
export function View() {
  const addresses = useAddresses()
  const [address, change] = useAddressState(readAddress)
  const list = useList('v1.budgets.list', { query: queryOf(address) })
  const choices = useFilterChoices()
  const rankedAt = list.first?.rankedAt
  return (
    <Page title="Budgets" lead="Budgets with a limit and with usage, of all customers.">
      <Toolbar>
        <FilterSelect
          label="Order"
          value={address.order}
          onChange={(order) => change({ order })}
          choices={ORDERS}
        />
        <FilterSelect
          label="Run out"
          value={address.within}
          onChange={(within) => change({ within: within || null })}
          choices={WITHIN}
        />
        <FilterSelect
          label="Used"
          value={address.share}
          onChange={(share) => change({ share: share || null })}
          choices={SHARES}
        />
        <FilterSelect
          label="Type"
          value={address.type}
          onChange={(type) => change({ type: type || null })}
          choices={choices.types}
        />
        <FilterSelect
          label="Feature"
          value={address.feature}
          onChange={(feature) => change({ feature: feature || null })}
          choices={choices.features}
        />
        <FilterText
          label="Customer id"
          value={address.customer}
          onChange={(customer) => change({ customer: customer || null })}
        />
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
        keyOf={({ id }) => id}
        toOf={({ customerId, entityId, featureId }) =>
          addresses.entity(customerId, entityId, featureId)
        }
        empty={
          isFiltered(address) ? (
            <EmptyFiltered
              what="budget"
              onClear={() =>
                change({ within: null, share: null, type: null, feature: null, customer: null })
              }
            />
          ) : (
            <Empty title="Nothing runs out. Budgets of all customers appear here." />
          )
        }
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
  const toChoices = (rows: readonly { id: string; displayName: string }[] = []) => [
    { value: '', label: 'all' },
    ...rows.map(({ id, displayName }) => ({ value: id, label: displayName })),
  ]
  return { types: toChoices(types.data?.data), features: toChoices(features.data?.data) }
}
