import type { ReactNode } from 'react'
import { useAddresses } from '../address-state.ts'
import { Page, Tabs, Toolbar } from '../ui/page.tsx'
import { SETTINGS_TABS } from './tabs.ts'

/** Around every view of the settings. `action` is the button that makes something. */
export function SettingsPage(props: { lead?: ReactNode; action?: ReactNode; children: ReactNode }) {
  const { lead, action, children } = props
  const addresses = useAddresses()
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        tabs={SETTINGS_TABS.map(({ label, path }) => ({ label, to: addresses.settings(path) }))}
      />
      {lead && <p>{lead}</p>}
      {action && (
        <Toolbar>
          <span data-end>{action}</span>
        </Toolbar>
      )}
      {children}
    </Page>
  )
}
