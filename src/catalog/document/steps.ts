import type { CatalogObjectType, OperationId } from '../../api.gen.ts'
import { DEFAULT_SETTINGS } from './canonical.ts'
import type { FieldChange, ItemChange } from './compare-catalogs.ts'
import type { Item } from './items.ts'

/** The operations on the objects of each type. */
const OPERATIONS = {
  FEATURE: {
    create: 'v1.features.createFeature',
    update: 'v1.features.updateFeature',
    archive: 'v1.features.archiveFeature',
    unarchive: 'v1.features.unarchiveFeature',
  },
  CURRENCY: {
    create: 'v1.credits.customCurrencies.create',
    update: 'v1.credits.customCurrencies.update',
    archive: 'v1.credits.customCurrencies.archive',
    unarchive: 'v1.credits.customCurrencies.unarchive',
  },
  PRODUCT: {
    create: 'v1.products.createProduct',
    update: 'v1.products.updateProduct',
    archive: 'v1.products.archiveProduct',
    unarchive: 'v1.products.unarchiveProduct',
  },
  PLAN: {
    create: 'v1.plans.create',
    update: 'v1.plans.update',
    archive: 'v1.plans.archive',
    createDraft: 'v1.plans.createDraft',
    publish: 'v1.plans.publish',
  },
  ADDON: {
    create: 'v1.addons.create',
    update: 'v1.addons.update',
    archive: 'v1.addons.archive',
    createDraft: 'v1.addons.createDraft',
    publish: 'v1.addons.publish',
  },
} as const satisfies Record<CatalogObjectType, Readonly<Record<string, OperationId>>>

type Of<T extends CatalogObjectType> = (typeof OPERATIONS)[T]
/** The operations that change a catalog. */
export type CatalogOperation = {
  [T in CatalogObjectType]: Of<T>[keyof Of<T>]
}[CatalogObjectType]

/** Makes the entitlements of the draft of a package those of its item. */
export const REPLACE_ENTITLEMENTS = 'replaceEntitlements'

/** A request that makes a part of a change. */
export type Step = {
  item: Item
  operation: CatalogOperation | typeof REPLACE_ENTITLEMENTS
  params: Readonly<Record<string, string>>
  body: Readonly<Record<string, unknown>> | undefined
}

/** Fields that only an update sets. Those of a product name its plans. */
const AFTER_CREATION: Readonly<Record<CatalogObjectType, readonly string[]>> = {
  FEATURE: ['meter'],
  CURRENCY: [],
  PRODUCT: ['productSettings', 'usageResetCutoffRule'],
  PLAN: ['compatibleAddonIds'],
  ADDON: ['dependencies'],
}

/** What an update sends for a field that a document leaves out. */
const DEFAULTS: Readonly<Record<CatalogObjectType, Readonly<Record<string, unknown>>>> = {
  FEATURE: { description: '', featureUnits: '', featureUnitsPlural: '', unitTransformation: null },
  CURRENCY: { description: null, symbol: null },
  PRODUCT: {
    description: null,
    multipleSubscriptions: false,
    productSettings: DEFAULT_SETTINGS,
    usageResetCutoffRule: { behavior: 'ALWAYS_RESET' },
  },
  PLAN: {
    description: null,
    billingId: null,
    parentPlanId: null,
    compatibleAddonIds: [],
    defaultTrialConfig: null,
  },
  ADDON: { description: null, billingId: null, maxQuantity: null, dependencies: [] },
}

/** Returns the requests that make the changes. Updates of products follow those of their plans. */
export function stepsOf(changes: readonly ItemChange[]): Step[] {
  const steps = changes.map((change) => ({ change, all: stepsOfChange(change) }))
  const isLater = ({ operation }: Step) => operation === OPERATIONS.PRODUCT.update
  const lasting = steps
    .filter(({ change }) => change.action !== 'ARCHIVE')
    .flatMap(({ all }) => all)
  return [
    ...lasting.filter((step) => !isLater(step)),
    ...lasting.filter(isLater),
    ...steps.filter(({ change }) => change.action === 'ARCHIVE').flatMap(({ all }) => all),
  ]
}

function stepsOfChange({ action, item, fields: all }: ItemChange): Step[] {
  const { type } = item
  const fields = all.filter(({ field }) => field !== 'entitlements')
  if (action === 'ARCHIVE') return [stepOf(item, OPERATIONS[type].archive)]
  const isLate = ({ field }: FieldChange) => AFTER_CREATION[type].includes(field)
  const updated = action === 'CREATE' ? fields.filter(isLate) : fields
  const update =
    updated.length === 0 ? [] : [stepOf(item, OPERATIONS[type].update, bodyOf(type, updated))]
  const creation = () => {
    const body = {
      id: item.id,
      ...bodyOf(
        type,
        fields.filter((each) => !isLate(each)),
      ),
    }
    return { ...stepOf(item, OPERATIONS[type].create, body), params: {} }
  }
  const begin = action === 'CREATE' ? [creation()] : draftOf(item)
  return [...begin, ...update, ...entitlementsOf(action, item), ...publicationOf(item)]
}

const draftOf = (item: Item): Step[] =>
  item.type === 'PLAN' || item.type === 'ADDON'
    ? [stepOf(item, OPERATIONS[item.type].createDraft)]
    : []

/** The draft of a known package has those of its latest version, also of archived features. */
const entitlementsOf = (action: ItemChange['action'], item: Item): Step[] =>
  (item.type === 'PLAN' || item.type === 'ADDON') &&
  (action === 'UPDATE' || item.fields.entitlements !== undefined)
    ? [stepOf(item, REPLACE_ENTITLEMENTS)]
    : []

const publicationOf = (item: Item): Step[] =>
  item.type === 'PLAN' || item.type === 'ADDON'
    ? [stepOf(item, OPERATIONS[item.type].publish, { migrationType: 'NEW_CUSTOMERS' })]
    : []

/** Returns the request to unarchive an object, or null if its type has none. */
export const unarchiveStep = (item: Item): Step | null =>
  item.type === 'PLAN' || item.type === 'ADDON'
    ? null
    : stepOf(item, OPERATIONS[item.type].unarchive)

const stepOf = (item: Item, operation: Step['operation'], body?: Step['body']): Step => ({
  item,
  operation,
  params: item.type === 'CURRENCY' ? { currencyId: item.id } : { id: item.id },
  body,
})

const bodyOf = (type: CatalogObjectType, fields: readonly FieldChange[]) =>
  Object.fromEntries(fields.map((change) => [change.field, sentValue(type, change)]))

function sentValue(type: CatalogObjectType, { field, before, after }: FieldChange): unknown {
  if (field === 'metadata') return metadataPatch(before, after)
  return after === undefined ? DEFAULTS[type][field] : after
}

/** An empty text removes a key. */
const metadataPatch = (before: unknown, after: unknown) => ({
  ...Object.fromEntries(Object.keys(Object(before)).map((key) => [key, ''])),
  ...Object(after),
})
