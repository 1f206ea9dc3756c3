import { Changes } from '../../audit/changes.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'

export const View = () => <Changes customerId={useCustomer().id} />
