import type { ReactNode } from 'react'
import { useAddresses } from '../address-state.ts'
import { Page, Tabs } from '../ui/page.tsx'
import { SETTINGS_TABS } from './tabs.ts'

/** Around every view of the settings. */
export function SettingsPage({ lead, children }: { lead?: ReactNode; children: ReactNode }) {
  const addresses = useAddresses()
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        tabs={SETTINGS_TABS.map(({ label, path }) => ({ label, to: addresses.settings(path) }))}
      />
      {lead && <p>{lead}</p>}
      {children}
    </Page>
  )
}
