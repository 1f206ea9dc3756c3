import type { ReactNode } from 'react'
import type { CustomCurrency } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useFilters } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { useEditInAddress } from '../../catalog/edit-in-address.ts'
import { RowActions } from '../../catalog/row-actions.tsx'
import { STATES, stateIn } from '../../catalog/state-filter.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { StateToolbar } from '../../ui/filter.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateCurrency } from './create-currency.tsx'
import { EditCurrency } from './edit-currency.tsx'
import { STATUSES, TEXTS } from './texts.ts'

const COLUMNS: readonly Column<CustomCurrency>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, archivedAt }) => (
      <Name name={displayName} id={id} isArchived={archivedAt !== null} />
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'Symbol', cell: ({ symbol }) => symbol ?? <None /> },
  {
    title: 'Units',
    cell: ({ units }) => (units ? `${units.singular}, ${units.plural}` : <None />),
    isSecondary: true,
  },
  {
    title: 'Description',
    cell: ({ description }) => description ?? <None />,
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

const filterOf = ({ state }: Search) => ({ state: stateIn(state) })

export function View() {
  const opener = useOpener('v1.credits.customCurrencies.create', 'New currency')
  return (
    <Page title="Currencies" actions={opener.button()} lead={TEXTS.lead}>
      <IfPermitted id="v1.credits.customCurrencies.list">
        <Currencies create={opener.button('normal')} />
      </IfPermitted>
      <CreateCurrency isOpen={opener.isOpen} onClose={opener.close} />
    </Page>
  )
}

function Currencies({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const filters = useFilters(filterOf)
  const { state } = filters.values
  const list = useList('v1.credits.customCurrencies.list', {
    query: { status: [...STATUSES[state]] },
  })
  const { edited, open, close } = useEditInAddress(list.rows)
  return (
    <>
      <StateToolbar {...filters.bind('state')} choices={STATES} />
      <ListTable
        label="Currencies"
        list={list}
        columns={COLUMNS}
        toOf={({ id }) =>
          addresses.currencies({ state: filters.isSet ? state : undefined, edit: id })
        }
        actions={({ id, displayName, archivedAt }) => (
          <RowActions
            name={displayName}
            isArchived={archivedAt !== null}
            archive={['v1.credits.customCurrencies.archive', { params: { currencyId: id } }]}
            unarchive={['v1.credits.customCurrencies.unarchive', { params: { currencyId: id } }]}
            onEdit={() => open(id)}
          />
        )}
        what="currency"
        filters={filters}
        empty={
          <Empty title={TEXTS.empty} call={TEXTS.call}>
            {create}
          </Empty>
        }
      />
      {edited && <EditCurrency key={edited.id} currency={edited} onClose={close} />}
    </>
  )
}
