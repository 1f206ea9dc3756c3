import { Outlet } from '@tanstack/react-router'
import { createContext, useContext } from 'react'
import type { Customer } from '../../../src/api.gen.ts'
import { useAddresses, useParam } from '../address-state.ts'
import { useRead } from '../api/use-read.ts'
import { IdBeside, Page, Tabs } from '../ui/page.tsx'
import { Loaded } from '../ui/states.tsx'
import { CUSTOMER_TABS } from './tabs.ts'

const CustomerContext = createContext<{ customer: Customer; etag: string | undefined } | null>(null)

/** The customer whose view is shown. */
export const useCustomer = (): Customer => useCustomerRead().customer

/** The customer whose view is shown, and the entity tag of what was read of it. */
export function useCustomerRead(): { customer: Customer; etag: string | undefined } {
  const read = useContext(CustomerContext)
  if (read === null) throw new Error('this component needs a customer')
  return read
}

/** Around every view of one customer: its name, its tabs. */
export function CustomerFrame() {
  const id = useParam('customer')
  const addresses = useAddresses()
  const reading = useRead('v1.customers.retrieve', { params: { id } })
  const customer = reading.data?.data
  return (
    <Page
      title={customer?.name || id}
      beside={<IdBeside id={id} isArchived={Boolean(customer?.archivedAt)} />}
    >
      <Tabs
        label="Views of the customer"
        tabs={CUSTOMER_TABS.map(({ label, path }) => ({ label, to: addresses.customer(id, path) }))}
      />
      <Loaded reading={reading}>
        {({ data, etag }) => (
          <CustomerContext value={{ customer: data, etag }}>
            <Outlet />
          </CustomerContext>
        )}
      </Loaded>
    </Page>
  )
}
