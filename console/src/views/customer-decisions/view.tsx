import { useCustomer } from '../../customer/customer-frame.tsx'
import { Denials } from '../../decisions/denials.tsx'

export const View = () => <Denials customerId={useCustomer().id} />
