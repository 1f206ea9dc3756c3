import { Plus } from 'lucide-react'
import { type ReactNode, useDeferredValue, useState } from 'react'
import type { Customer } from '../../../../src/api.gen.ts'
import { useAddresses, useAddressState } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { useCustomersFound } from '../../customer/use-customers-found.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button } from '../../ui/button.tsx'
import { SearchField } from '../../ui/field.tsx'
import { Page, Toolbar } from '../../ui/page.tsx'
import { Empty, EmptyFiltered, Loading } from '../../ui/states.tsx'
import { type Column, ListTable, Table } from '../../ui/table.tsx'
import { Chip, Id, Name, None, Time } from '../../ui/text.tsx'
import { CreateCustomer } from './create-customer.tsx'

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
          label="Exact id, name or e-mail"
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
      empty={
        <Empty title="No customers yet." call="POST /api/v1/customers">
          {create}
        </Empty>
      }
    />
  )
}

function CustomersFound({ text, onClear }: { text: string; onClear: () => void }) {
  const addresses = useAddresses()
  const wanted = useDeferredValue(text)
  const { rows, isPending } = useCustomersFound(wanted)
  if (rows.length === 0)
    return isPending ? <Loading rows={3} /> : <EmptyFiltered what="customer" onClear={onClear} />
  return (
    <Table
      label="Customers found"
      rows={rows}
      columns={COLUMNS}
      keyOf={({ id }) => id}
      toOf={({ id }) => addresses.customer(id)}
    />
  )
}
