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
    retrieve: 'v1.plans.retrieve',
    update: 'v1.plans.update',
    archive: 'v1.plans.archive',
    createDraft: 'v1.plans.createDraft',
    removeDraft: 'v1.plans.removeDraft',
    publish: 'v1.plans.publish',
    entitlements: {
      list: 'v1.plans.entitlements.list',
      create: 'v1.plans.entitlements.create',
      update: 'v1.plans.entitlements.update',
      remove: 'v1.plans.entitlements.delete',
    },
  },
  addon: {
    list: 'v1.addons.list',
    create: 'v1.addons.create',
    retrieve: 'v1.addons.retrieve',
    update: 'v1.addons.update',
    archive: 'v1.addons.archive',
    createDraft: 'v1.addons.createDraft',
    removeDraft: 'v1.addons.removeDraft',
    publish: 'v1.addons.publish',
    entitlements: {
      list: 'v1.addons.entitlements.list',
      create: 'v1.addons.entitlements.create',
      update: 'v1.addons.entitlements.update',
      remove: 'v1.addons.entitlements.delete',
    },
  },
} as const

/**
 * Parameters of the operations on entitlements. A path names the plan or the add-on by the one that
 * it has, and `target` is the feature or currency.
 */
export const pathOf = (id: string, target = '') => ({ planId: id, addonId: id, id: target })

/** What each kind is called, and the call that makes the first one. */
export const KINDS: Readonly<
  Record<PackageKind, { one: string; several: string; title: string; path: string }>
> = {
  plan: { one: 'plan', several: 'plans', title: 'Plans', path: '/api/v1/plans' },
  addon: { one: 'add-on', several: 'add-ons', title: 'Add-ons', path: '/api/v1/addons' },
}
