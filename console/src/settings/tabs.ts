/** The settings, in their order. Only views that exist. */
export const SETTINGS_TABS: readonly { label: string; path: string }[] = [
  { label: 'Environment', path: 'environment' },
  { label: 'Environments', path: 'environments' },
  { label: 'Members', path: 'members' },
  { label: 'API keys', path: 'keys' },
  { label: 'Server', path: 'server' },
  { label: 'Look', path: 'look' },
]
