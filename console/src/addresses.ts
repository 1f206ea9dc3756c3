/** The addresses of views. Views link to each other only through these. */
export type Addresses = ReturnType<typeof addressesIn>

const part = encodeURIComponent

export function addressesIn(environment: string) {
  const root = `/e/${part(environment)}`
  const customer = (id: string, tab = '') =>
    `${root}/customers/${part(id)}${tab === '' ? '' : `/${tab}`}`
  return {
    home: `${root}/home`,
    customers: `${root}/customers`,
    customer,
    subscription: (customerId: string, id: string) =>
      `${customer(customerId, 'subscriptions')}/${part(id)}`,
    /** The panel of an entity, over the tree. */
    entity: (customerId: string, entityId: string, featureId?: string) =>
      `${customer(customerId, 'budgets')}${searchOf({ entity: entityId, feature: featureId })}`,
    budgets: (query: Record<string, string | undefined> = {}) =>
      `${root}/budgets${searchOf(query)}`,
    decisions: `${root}/decisions`,
    /** Denials of a span of time, by budget. */
    denialsBetween: (from: string, to: string) =>
      `${root}/decisions${searchOf({ from, to, group: 'budget' })}`,
    denialsOf: (customerId: string, entityId: string) =>
      `${customer(customerId, 'decisions')}${searchOf({ entity: entityId })}`,
    decision: (id: string) => `${root}/decisions/${part(id)}`,
    explain: (query: Record<string, string | undefined> = {}) =>
      `${root}/explain${searchOf(query)}`,
    features: `${root}/features`,
    feature: (id: string) => `${root}/features/${part(id)}`,
    products: `${root}/products`,
    plan: (id: string, tab?: 'entitlements') => `${root}/plans/${part(id)}${tab ? `/${tab}` : ''}`,
    addon: (id: string, tab?: 'entitlements') =>
      `${root}/add-ons/${part(id)}${tab ? `/${tab}` : ''}`,
    product: (id: string) => `${root}/products/${part(id)}`,
    entityTypes: (query: Record<string, string | undefined> = {}) =>
      `${root}/entity-types${searchOf(query)}`,
    currencies: (query: Record<string, string | undefined> = {}) =>
      `${root}/currencies${searchOf(query)}`,
    activity: (query: Record<string, string | undefined> = {}) =>
      `${root}/activity${searchOf(query)}`,
    /**
     * Who changed an object, the last change open. An id may be one of its customer only, or one
     * among the objects with these types of events only.
     */
    historyOf: (object: string, of: { customerId?: string; types?: readonly string[] } = {}) =>
      `${of.customerId === undefined ? `${root}/activity` : customer(of.customerId, 'activity')}${searchOf({ type: of.types?.join(), object, open: 'last' })}`,
    alerts: `${root}/alerts`,
    tasks: `${root}/tasks`,
    task: (id: string) => `${root}/tasks/${part(id)}`,
    settings: (tab: string) => `${root}/settings/${tab}`,
  }
}

/** The search part of an address. Empty parameters are left out. */
export function searchOf(query: Record<string, string | undefined>): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, value]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

/** An address as the router takes it: the path, and the search parameters apart from it. */
export function routeTo(address: string): { to: string; search: never } {
  const [path = '', query = ''] = address.split('?')
  return { to: path, search: Object.fromEntries(new URLSearchParams(query)) as never }
}
