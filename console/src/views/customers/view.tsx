import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Customer, SearchHit } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList, useRead } from '../../api/use-read.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { SearchField } from '../../ui/field.tsx'
import { Muted, Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered, Loaded } from '../../ui/states.tsx'
import { type Column, ListTable, Table } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { useDebounced } from '../../use-debounced.ts'
import { CreateCustomer } from './create-customer.tsx'

/** The longest text that a search takes, and the most that it answers. */
const LONGEST_TEXT = 100
const MOST = 20
/** How long somebody has stopped typing before the server is asked, in milliseconds. */
const PAUSE_MS = 150

const COLUMNS: readonly Column<Customer>[] = [
  {
    title: 'Name',
    cell: ({ id, name, archivedAt }) => (
      <>
        <Name name={name} id={id} /> {archivedAt && <Chip>archived</Chip>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'E-mail', cell: ({ email }) => email ?? <None />, isSecondary: true },
  { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
]

export function View() {
  const [text, change] = useAddressState(({ q }) => q ?? '')
  const [isCreating, setCreating] = useState(false)
  const reason = useSession().whyNot('v1.customers.provision')
  useShortcuts([{ keys: 'n', label: 'New customer', run: () => setCreating(reason === null) }])
  const create = (
    <Button look="primary" icon={Plus} reason={reason} onClick={() => setCreating(true)}>
      New customer
    </Button>
  )
  return (
    <Page title="Customers" actions={create}>
      <Toolbar>
        <SearchField
          label="Beginning of an id, a name or an e-mail address"
          value={text}
          onChange={(q) => change({ q: q || null })}
        />
      </Toolbar>
      {text.trim() === '' ? (
        <AllCustomers create={create} />
      ) : (
        <CustomersFound text={text.trim()} onClear={() => change({ q: null })} />
      )}
      <CreateCustomer isOpen={isCreating} onClose={() => setCreating(false)} />
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
      keyOf={({ id }) => id}
      toOf={({ id }) => addresses.customer(id)}
      historyOf={({ id }) => addresses.historyOf(id, id)}
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
      <>
        <Name name={displayName} id={id} /> {isArchived && <Chip>archived</Chip>}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <Id>{id}</Id> },
  { title: 'E-mail', cell: ({ email }) => email ?? <None />, isSecondary: true },
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
