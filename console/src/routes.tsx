import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { CustomerFrame } from './customer/customer-frame.tsx'
import { FirstSetting } from './settings/first-setting.tsx'
import { Frame } from './shell/frame.tsx'
import { NotFound, ViewProblem } from './shell/not-found.tsx'
import { Start } from './shell/start.tsx'

type ViewModule = { View: ComponentType }

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ViewProblem,
})

const environment = createRoute({
  getParentRoute: () => root,
  path: '/e/$environment',
  component: Frame,
})

const customer = createRoute({
  getParentRoute: () => environment,
  path: '/customers/$customer',
  component: CustomerFrame,
})

/** A view of the environment. Its code is loaded when it is opened. */
const view = (path: string, load: () => Promise<ViewModule>) =>
  createRoute({
    getParentRoute: () => environment,
    path,
    component: lazyRouteComponent(load, 'View'),
  })

/** A view of one customer, below the customer's name and tabs. */
const customerView = (path: string, load: () => Promise<ViewModule>) =>
  createRoute({
    getParentRoute: () => customer,
    path,
    component: lazyRouteComponent(load, 'View'),
  })

const views = [
  view('/home', () => import('./views/home/view.tsx')),
  view('/customers', () => import('./views/customers/view.tsx')),
  view('/budgets', () => import('./views/budgets/view.tsx')),
  view('/explain', () => import('./views/explain/view.tsx')),
  view('/decisions', () => import('./views/decisions/view.tsx')),
  view('/decisions/$decision', () => import('./views/decision/view.tsx')),
  view('/features', () => import('./views/features/view.tsx')),
  view('/features/$feature', () => import('./views/feature/view.tsx')),
  view('/products', () => import('./views/products/view.tsx')),
  view('/products/$product', () => import('./views/product/view.tsx')),
  view('/plans/$plan', () => import('./views/plan/view.tsx')),
  view('/plans/$plan/entitlements', () => import('./views/plan-entitlements/view.tsx')),
  view('/add-ons/$addon', () => import('./views/addon/view.tsx')),
  view('/add-ons/$addon/entitlements', () => import('./views/addon-entitlements/view.tsx')),
  view('/entity-types', () => import('./views/entity-types/view.tsx')),
  view('/currencies', () => import('./views/currencies/view.tsx')),
  view('/activity', () => import('./views/activity/view.tsx')),
  view('/alerts', () => import('./views/alerts/view.tsx')),
  view('/tasks', () => import('./views/tasks/view.tsx')),
  view('/tasks/$task', () => import('./views/task/view.tsx')),
  createRoute({ getParentRoute: () => environment, path: '/settings', component: FirstSetting }),
  view('/settings/environment', () => import('./views/settings-environment/view.tsx')),
  view('/settings/environments', () => import('./views/settings-environments/view.tsx')),
  view('/settings/members', () => import('./views/settings-members/view.tsx')),
  view('/settings/keys', () => import('./views/settings-keys/view.tsx')),
  view('/settings/server', () => import('./views/settings-server/view.tsx')),
  view('/settings/look', () => import('./views/settings-look/view.tsx')),
]

const customerViews = [
  customerView('/', () => import('./views/customer-overview/view.tsx')),
  customerView('/subscriptions', () => import('./views/customer-subscriptions/view.tsx')),
  customerView('/subscriptions/$subscription', () => import('./views/subscription/view.tsx')),
  customerView('/budgets', () => import('./views/customer-budgets/view.tsx')),
  customerView('/entitlements', () => import('./views/customer-entitlements/view.tsx')),
  customerView('/usage', () => import('./views/customer-usage/view.tsx')),
  customerView('/reservations', () => import('./views/customer-reservations/view.tsx')),
  customerView('/decisions', () => import('./views/customer-decisions/view.tsx')),
  customerView('/activity', () => import('./views/customer-activity/view.tsx')),
]

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: Start }),
  createRoute({
    getParentRoute: () => root,
    path: '/sign-in',
    component: lazyRouteComponent(() => import('./views/sign-in/view.tsx'), 'View'),
  }),
  environment.addChildren([...views, customer.addChildren(customerViews)]),
])

/** Search parameters are text, as they stand in the address. Views read them. */
export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ViewProblem,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const pairs = Object.entries(search).filter(
      ([, value]) => typeof value === 'string' && value !== '',
    )
    return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs as [string, string][])}`
  },
})
