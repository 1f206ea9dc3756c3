import { Navigate } from '@tanstack/react-router'
import { useAddresses } from '../address-state.ts'
import { SETTINGS_TABS } from './tabs.ts'

/** The settings without a part: leads to the first one. */
export function FirstSetting() {
  const addresses = useAddresses()
  return <Navigate to={addresses.settings(SETTINGS_TABS[0]?.path ?? '')} replace />
}
