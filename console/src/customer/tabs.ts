/** The views of one customer, in their order. Only views that exist. */
export const CUSTOMER_TABS = Object.entries({
  Overview: '',
  Subscriptions: 'subscriptions',
  Budgets: 'budgets',
  Entitlements: 'entitlements',
  Usage: 'usage',
  Denials: 'decisions',
  Holds: 'reservations',
  Activity: 'activity',
}).map(([label, path]) => ({ label, path }))
