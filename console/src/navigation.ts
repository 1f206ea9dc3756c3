import { CircleHelp, type LucideIcon, Users } from 'lucide-react'
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
    { label: 'Customers', icon: Users, to: (all) => all.customers, key: 'c' },
    { label: 'Explain', icon: CircleHelp, to: (all) => all.explain(), key: 'e' },
  ],
]
