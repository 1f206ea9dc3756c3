import type { Addon, Plan } from '../../../src/api.gen.ts'

/** Plans and add-ons have versions, and are changed and published alike. */
export type PackageKind = 'plan' | 'addon'

/** A version of a plan or an add-on: its draft, or the one that is published. */
export type PackageVersion = Plan | Addon

/** The operations on each kind, by what they do. */
export const OPERATIONS = {
  plan: {
    list: 'v1.plans.list',
    create: 'v1.plans.create',
  },
  addon: {
    list: 'v1.addons.list',
    create: 'v1.addons.create',
  },
} as const

/** What each kind is called, and the call that makes the first one. */
export const KINDS: Readonly<
  Record<PackageKind, { one: string; several: string; title: string; path: string }>
> = {
  plan: { one: 'plan', several: 'plans', title: 'Plans', path: '/api/v1/plans' },
  addon: { one: 'add-on', several: 'add-ons', title: 'Add-ons', path: '/api/v1/addons' },
}
