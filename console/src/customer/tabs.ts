/** The views of one customer, in their order. Only views that exist. */
export const CUSTOMER_TABS: readonly { label: string; path: string }[] = [
  { label: 'Overview', path: '' },
  { label: 'Budgets', path: 'budgets' },
  { label: 'Entitlements', path: 'entitlements' },
  { label: 'Usage', path: 'usage' },
  { label: 'Denials', path: 'decisions' },
  { label: 'Holds', path: 'reservations' },
  { label: 'Activity', path: 'activity' },
]
