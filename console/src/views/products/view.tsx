import type { ReactNode } from 'react'
import type { Product } from '../../../../src/api.gen.ts'
import { type Search, useAddresses, useFilters } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { STATES, stateIn } from '../../catalog/state-filter.ts'
import { EVENTS_OF } from '../../packages/events.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { SearchField } from '../../ui/field.tsx'
import { FilterSelect } from '../../ui/filter.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateProduct } from './create-product.tsx'
import { STATUSES, TEXTS } from './texts.ts'

const COLUMNS: readonly Column<Product>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, status }) => (
      <Name name={displayName} id={id} isArchived={status === 'ARCHIVED'} />
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  {
    title: 'Description',
    cell: ({ description }) => description ?? <None />,
    isSecondary: true,
  },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

const filterOf = ({ id = '', state }: Search) => ({ id, state: stateIn(state) })

export function View() {
  const opener = useOpener('v1.products.createProduct', 'New product')
  return (
    <Page title="Products" actions={opener.button()} lead={TEXTS.lead}>
      <IfPermitted id="v1.products.listProducts">
        <Products create={opener.button('normal')} />
      </IfPermitted>
      <CreateProduct isOpen={opener.isOpen} onClose={opener.close} />
    </Page>
  )
}

function Products({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const filters = useFilters(filterOf)
  const { id, state } = filters.values
  const list = useList('v1.products.listProducts', {
    query: { status: [...STATUSES[state]], ...(id !== '' && { id }) },
  })
  return (
    <>
      <Toolbar>
        <SearchField {...filters.bind('id')} label="Exact id" />
        <FilterSelect {...filters.bind('state')} label="State" choices={STATES} />
      </Toolbar>
      <ListTable
        label="Products"
        list={list}
        columns={COLUMNS}
        toOf={(row) => addresses.product(row.id)}
        historyOf={(row) => addresses.historyOf(row.id, { types: EVENTS_OF.product })}
        what="product"
        filters={filters}
        empty={
          <Empty title={TEXTS.empty} call={TEXTS.call}>
            {create}
          </Empty>
        }
      />
    </>
  )
}
