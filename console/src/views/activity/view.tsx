import { Activity } from '../../activity/activity.tsx'
import { useAddresses } from '../../address-state.ts'
import { Page } from '../../ui/page.tsx'
import { LEAD } from './texts.ts'

export function View() {
  const addresses = useAddresses()
  return (
    <Page title="Activity" lead={LEAD}>
      <Activity customerId={null} here={addresses.activity()} />
    </Page>
  )
}
