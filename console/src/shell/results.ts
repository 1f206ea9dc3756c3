import {
  Box,
  Boxes,
  Coins,
  CreditCard,
  type LucideIcon,
  Package,
  Puzzle,
  Settings,
  ToggleRight,
  Users,
  Zap,
} from 'lucide-react'
import type { SearchHit } from '../../../src/api.gen.ts'
import type { Addresses } from '../addresses.ts'
import { CUSTOMER_TABS } from '../customer/tabs.ts'
import { NAVIGATION } from '../navigation.ts'
import { SETTINGS_TABS } from '../settings/tabs.ts'
import { allShortcuts } from './keys.ts'
import { keyOf } from './use-hits.ts'

/** Something that the palette leads to, or does. */
export type Result = {
  key: string
  /** The heading that it stands under. */
  group: string
  icon: LucideIcon
  name: string
  id?: string
  /** What tells it from others of the same name. */
  note?: string
  keys?: string | undefined
  isArchived?: boolean
  does: { to: string } | { run: () => void }
}

const KINDS: Readonly<
  Record<
    SearchHit['kind'],
    { group: string; icon: LucideIcon; to: (all: Addresses, hit: SearchHit) => string }
  >
> = {
  CUSTOMER: { group: 'Customers', icon: Users, to: (all, { id }) => all.customer(id) },
  ENTITY: {
    group: 'Entities',
    icon: Box,
    to: (all, { id, customerId }) => all.entity(customerId ?? '', id),
  },
  FEATURE: { group: 'Features', icon: ToggleRight, to: (all, { id }) => all.feature(id) },
  PRODUCT: { group: 'Products', icon: Package, to: (all, { id }) => all.product(id) },
  PLAN: { group: 'Plans', icon: CreditCard, to: (all, { id }) => all.plan(id) },
  ADDON: { group: 'Add-ons', icon: Puzzle, to: (all, { id }) => all.addon(id) },
  CURRENCY: { group: 'Currencies', icon: Coins, to: (all, { id }) => all.currencies({ edit: id }) },
  ENTITY_TYPE: {
    group: 'Entity types',
    icon: Boxes,
    to: (all, { id }) => all.entityTypes({ edit: id }),
  },
}

/** Objects, kind by kind; the kind of the best hit comes first. */
export function hitResults(hits: readonly SearchHit[], addresses: Addresses): Result[] {
  const kinds = [...new Set(hits.map(({ kind }) => kind))]
  return kinds.flatMap((kind) =>
    hits
      .filter((hit) => hit.kind === kind)
      .map((hit): Result => {
        const { group, icon, to } = KINDS[kind]
        const note = hit.customerId === null ? hit.email : `of ${hit.customerId}`
        return {
          key: keyOf(hit),
          group,
          icon,
          name: hit.displayName ?? hit.id,
          id: hit.id,
          ...(note !== null && { note }),
          isArchived: hit.isArchived,
          does: { to: to(addresses, hit) },
        }
      }),
  )
}

/** Views, those of the customer whose view is open first, and what can be done here. */
export function placeResults(text: string, addresses: Addresses, customerId: string): Result[] {
  const wanted = text.toLowerCase()
  return [
    ...tabResults(addresses, customerId),
    ...viewResults(addresses),
    ...actionResults(),
  ].filter(({ name }) => name.toLowerCase().includes(wanted))
}

const tabResults = (addresses: Addresses, customerId: string): Result[] =>
  customerId === ''
    ? []
    : CUSTOMER_TABS.map(({ label, path }) => ({
        key: `tab ${path}`,
        group: 'Of this customer',
        icon: Users,
        name: label,
        does: { to: addresses.customer(customerId, path) },
      }))

const viewResults = (addresses: Addresses): Result[] => [
  ...NAVIGATION.flat().map(
    ({ label, icon, to, key }): Result => ({
      key: `view ${label}`,
      group: 'Views',
      icon,
      name: label,
      keys: key && `g ${key}`,
      does: { to: to(addresses) },
    }),
  ),
  ...SETTINGS_TABS.map(
    ({ label, path }): Result => ({
      key: `settings ${path}`,
      group: 'Views',
      icon: Settings,
      name: `Settings: ${label}`,
      does: { to: addresses.settings(path) },
    }),
  ),
]

const actionResults = (): Result[] =>
  allShortcuts()
    .filter(({ keys, isOnlyKey = false }) => !isOnlyKey && !keys.startsWith('g '))
    .map(({ keys, label, run }) => ({
      key: `action ${keys}`,
      group: 'Actions',
      icon: Zap,
      name: label,
      keys,
      does: { run },
    }))
