import { Activity } from '../../activity/activity.tsx'
import { useAddresses } from '../../address-state.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'

export function View() {
  const { id } = useCustomer()
  const addresses = useAddresses()
  return <Activity customerId={id} here={addresses.customer(id, 'activity')} />
}
