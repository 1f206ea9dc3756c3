import {
  Activity,
  Ban,
  Bell,
  Boxes,
  CircleHelp,
  Coins,
  Gauge,
  House,
  ListTodo,
  type LucideIcon,
  Package,
  Settings,
  ToggleRight,
  Users,
} from 'lucide-react'
import type { Addresses } from './addresses.ts'

export type Destination = {
  label: string
  icon: LucideIcon
  to: (addresses: Addresses) => string
  /** After `g`. */
  key?: string
}

/** The views that the navigation leads to, in groups. Only views that exist. */
export const NAVIGATION: readonly (readonly Destination[])[] = [
  [
    { label: 'Home', icon: House, to: (all) => all.home, key: 'h' },
    { label: 'Customers', icon: Users, to: (all) => all.customers, key: 'c' },
    { label: 'Budgets', icon: Gauge, to: (all) => all.budgets(), key: 'b' },
    { label: 'Explain', icon: CircleHelp, to: (all) => all.explain(), key: 'e' },
    { label: 'Denials', icon: Ban, to: (all) => all.decisions, key: 'd' },
  ],
  [
    { label: 'Features', icon: ToggleRight, to: (all) => all.features, key: 'f' },
    { label: 'Products', icon: Package, to: (all) => all.products, key: 'p' },
    { label: 'Entity types', icon: Boxes, to: (all) => all.entityTypes(), key: 't' },
    { label: 'Currencies', icon: Coins, to: (all) => all.currencies(), key: 'm' },
  ],
  [
    { label: 'Alerts', icon: Bell, to: (all) => all.alerts, key: 'l' },
    { label: 'Tasks', icon: ListTodo, to: (all) => all.tasks, key: 'k' },
    { label: 'Activity', icon: Activity, to: (all) => all.activity(), key: 'a' },
    { label: 'Settings', icon: Settings, to: (all) => all.settings('environment'), key: 's' },
  ],
]
