import type { ReactNode } from 'react'
import type { Customer, SearchHit } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useList, useRead } from '../../api/use-read.ts'
import { useOpener } from '../../shell/use-opener.tsx'
import { SearchField } from '../../ui/field.tsx'
import { Muted, Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered, Loaded } from '../../ui/states.tsx'
import { type Column, ListTable, Table } from '../../ui/table.tsx'
import { Id, Name, None, Time } from '../../ui/text.tsx'
import { useDebounced } from '../../use-debounced.ts'
import { CreateCustomer } from './create-customer.tsx'

/** The longest text that a search takes, and the most that it answers. */
const LONGEST_TEXT = 100
const MOST = 20
/** How long somebody has stopped typing before the server is asked, in milliseconds. */
const PAUSE_MS = 150

const ID: Column<{ id: string }> = { title: 'Id', cell: ({ id }) => <Id>{id}</Id> }
const EMAIL: Column<{ email: string | null }> = {
  title: 'E-mail',
  cell: ({ email }) => email ?? <None />,
  isSecondary: true,
}

const COLUMNS: readonly Column<Customer>[] = [
  {
    title: 'Name',
    cell: ({ id, name, archivedAt }) => (
      <Name name={name} id={id} isArchived={archivedAt !== null} />
    ),
  },
  ID,
  EMAIL,
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

export function View() {
  const [text, change] = useAddressState(({ q }) => q ?? '')
  const opener = useOpener('v1.customers.provision', 'New customer')
  return (
    <Page title="Customers" actions={opener.button()}>
      <Toolbar>
        <SearchField
          label="Beginning of an id, a name or an e-mail address"
          value={text}
          onChange={(q) => change({ q: q || null })}
        />
      </Toolbar>
      {text.trim() === '' ? (
        <AllCustomers create={opener.button()} />
      ) : (
        <CustomersFound text={text.trim()} onClear={() => change({ q: null })} />
      )}
      <CreateCustomer isOpen={opener.isOpen} onClose={opener.close} />
    </Page>
  )
}

function AllCustomers({ create }: { create: ReactNode }) {
  const addresses = useAddresses()
  const list = useList('v1.customers.list', {})
  return (
    <ListTable
      label="Customers"
      list={list}
      columns={COLUMNS}
      toOf={({ id }) => addresses.customer(id)}
      historyOf={({ id }) => addresses.historyOf(id, { customerId: id })}
      empty={
        <Empty title="No customers yet." call="POST /api/v1/customers">
          {create}
        </Empty>
      }
    />
  )
}

const FOUND_COLUMNS: readonly Column<SearchHit>[] = [
  {
    title: 'Name',
    cell: ({ id, displayName, isArchived }) => (
      <Name name={displayName} id={id} isArchived={isArchived} />
    ),
  },
  ID,
  EMAIL,
]

function CustomersFound({ text, onClear }: { text: string; onClear: () => void }) {
  const addresses = useAddresses()
  const q = useDebounced(text.slice(0, LONGEST_TEXT), PAUSE_MS)
  const reading = useRead('v1.search', { query: { q, kinds: ['CUSTOMER'], limit: MOST } })
  return (
    <Loaded reading={reading} rows={3}>
      {({ data }) =>
        data.length === 0 ? (
          <EmptyFiltered what="customer" onClear={onClear} />
        ) : (
          <>
            <Table
              label="Customers found"
              rows={data}
              columns={FOUND_COLUMNS}
              keyOf={({ id }) => id}
              toOf={({ id }) => addresses.customer(id)}
            />
            {data.length === MOST && (
              <Muted>These are the first {MOST}. Type more to find others.</Muted>
            )}
          </>
        )
      }
    </Loaded>
  )
}
