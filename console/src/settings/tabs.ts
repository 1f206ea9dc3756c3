/** The settings, in their order. Only views that exist. */
export const SETTINGS_TABS = Object.entries({
  Environment: 'environment',
  Environments: 'environments',
  Members: 'members',
  'API keys': 'keys',
  Server: 'server',
  Look: 'look',
}).map(([label, path]) => ({ label, path }))
