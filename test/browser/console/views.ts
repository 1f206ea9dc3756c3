import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Locator, Page } from 'playwright-core'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Ids of objects that the views are about. */
export type Ids = {
  customer: string
  feature: string
  entity: string
  decision: string
  product: string
  plan: string
  addon: string
  subscription: string
  task: string
}

/** A view as the tests of every view know it. */
export type ViewRow = {
  /** Search parameters of the address. */
  query?: (ids: Ids) => Record<string, string>
  /** What is there once the view has read its data, if its environment has some. */
  shows: (page: Page, ids: Ids) => Locator
  /** Buttons of the view that open a dialog. */
  opens?: readonly (string | RegExp)[]
  /** The view calls no operation of its own. */
  isLocal?: boolean
}

const row = (page: Page) => page.locator('main tbody tr').first()
const table = (page: Page, name: string) => page.getByRole('table', { name }).locator('tbody tr')
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true })

/** Each view by its route below the environment, as in `console/src/routes.tsx`. */
export const VIEWS: Readonly<Record<string, ViewRow>> = {
  '/home': { shows: (page) => table(page, 'Last denials').first() },
  '/customers': { shows: row, opens: ['New customer'] },
  '/budgets': { query: () => ({ order: 'utilization' }), shows: row },
  '/explain': {
    query: ({ customer, feature, entity }) => ({
      customer,
      feature,
      amount: '999999999999999',
      'd.agentId': entity,
    }),
    shows: (page) => page.getByText(/^(Granted|Denied)\.$/),
  },
  '/decisions': { shows: row },
  '/decisions/$decision': { shows: (page) => page.getByText('Ask again now') },
  '/features': { shows: row, opens: ['New feature'] },
  '/features/$feature': {
    shows: (page) => heading(page, 'Meter'),
    opens: ['Edit', /^(Add a|Edit the) meter$/],
  },
  '/products': { shows: row, opens: ['New product'] },
  '/products/$product': {
    shows: (page) => table(page, 'Add-ons').first(),
    opens: ['Edit', 'Duplicate', 'Archive', 'Edit settings', 'New plan', 'New add-on'],
  },
  '/plans/$plan': {
    shows: (page) => table(page, 'Versions').first(),
    opens: ['Edit draft', 'Discard draft', 'Publish'],
  },
  '/plans/$plan/entitlements': {
    shows: (page) => table(page, 'Entitlements').nth(1),
    opens: ['Add entitlement', /^Edit <img/, 'Replace'],
  },
  '/add-ons/$addon': {
    shows: (page) => table(page, 'Versions').first(),
    opens: ['Edit draft', 'Discard draft', 'Publish'],
  },
  '/add-ons/$addon/entitlements': {
    shows: (page) => table(page, 'Entitlements').nth(1),
    opens: [/^Edit /],
  },
  '/entity-types': { shows: row, opens: ['New entity type', /^Edit /] },
  '/currencies': { shows: row, opens: ['New currency', /^Edit /] },
  '/activity': { shows: row },
  '/alerts': { shows: (page) => page.getByRole('button', { name: 'Save' }) },
  '/tasks': { shows: row },
  '/tasks/$task': { shows: (page) => table(page, 'Failed').first(), opens: ['Cancel task'] },
  '/settings/environment': { shows: (page) => page.getByLabel('Checks with them') },
  '/settings/environments': { shows: row },
  '/settings/members': { shows: row, opens: ['Add member', 'Change', 'Remove'] },
  '/settings/keys': { shows: row, opens: ['New key', 'Revoke'] },
  '/settings/server': {
    shows: (page) => page.getByText('ready', { exact: true }),
    isLocal: true,
  },
  '/settings/look': { shows: (page) => page.getByText('Compact', { exact: true }), isLocal: true },
  '/customers/$customer': {
    shows: (page) => table(page, 'Entitlements').first(),
    opens: ['Edit'],
  },
  '/customers/$customer/subscriptions': {
    shows: (page) => table(page, 'Past subscriptions').first(),
    opens: ['Provision subscription'],
  },
  '/customers/$customer/subscriptions/$subscription': {
    shows: (page) => page.getByText('it was created'),
    opens: [
      ...['Update', 'Migrate', 'Transfer', 'Delegate'],
      ...['Cancel subscription', 'Give up scheduled', 'Add own limit'],
    ],
  },
  '/customers/$customer/budgets': {
    shows: (page) => page.getByRole('row').first(),
    opens: ['Add entity'],
  },
  '/customers/$customer/entitlements': {
    shows: (page) => table(page, 'Grants').first(),
    opens: ['Grant', /^Revoke/],
  },
  '/customers/$customer/usage': { shows: (page) => page.getByRole('figure').first() },
  '/customers/$customer/reservations': {
    shows: (page) => page.getByText('Nothing is held.', { exact: false }),
  },
  '/customers/$customer/decisions': { shows: row },
  '/customers/$customer/activity': { shows: row },
}

/** Views that stand at no environment. They have tests of their own. */
const OUTSIDE = ['/sign-in']

/** Returns the routes of all views, as the router has them, but for those that need no sign-in. */
export function routesOfConsole(): string[] {
  const text = readFileSync(join(ROOT, 'console/src/routes.tsx'), 'utf8')
  const routes = [...text.matchAll(/\b(view|customerView)\('([^']+)',/g)].map(
    ([, kind, path = '']) =>
      kind === 'view' ? path : `/customers/$customer${path === '/' ? '' : path}`,
  )
  const loaded = [...text.matchAll(/import\('\.\/views\//g)].length
  if (loaded !== routes.length + OUTSIDE.length)
    throw new Error(`${loaded} views are loaded, and ${routes.length} have a route that is found`)
  return routes
}

/** Returns the address of a view below its environment. */
export function addressOfView(route: string, ids: Ids): string {
  const path = route.replaceAll(/\$(\w+)/g, (_, name: keyof Ids) => encodeURIComponent(ids[name]))
  const query = VIEWS[route]?.query?.(ids) ?? {}
  const search = new URLSearchParams(query).toString()
  return search === '' ? path : `${path}?${search}`
}
