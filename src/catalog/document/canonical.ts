import type {
  Catalog,
  CatalogAddon,
  CatalogCurrency,
  CatalogFeature,
  CatalogPlan,
  CatalogProduct,
  DefaultTrialConfigInput,
  Metadata,
  Meter,
  MeterCondition,
  ProductSettingsInput,
  UnitTransformationInput,
} from '../../api.gen.ts'
import { canonicalEntitlement } from './canonical-entitlement.ts'
import { type Nullable, stated, unless } from './stated.ts'

/** The settings of a new product. */
export const DEFAULT_SETTINGS: ProductSettingsInput = {
  subscriptionStartSetup: 'PLAN_SELECTION',
  subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
  subscriptionCancellationTime: 'IMMEDIATE',
}

/**
 * Returns the only form of a catalog: objects are in the order of their ids, fields in the order of
 * the schema, and what has its default is left out. Entitlements are in the order of their package.
 * Two catalogs mean the same if and only if these
 * forms are equal.
 */
export const canonicalCatalog = ({ features, currencies, products }: Catalog): Catalog =>
  stated<Catalog>({
    features: byId(features).map(canonicalFeature),
    currencies: byId(currencies).map(canonicalCurrency),
    products: byId(products).map(canonicalProduct),
  })

/** Takes the wire form, too. */
const canonicalFeature = (
  feature: Pick<CatalogFeature, 'id' | 'displayName' | 'featureType'> &
    Nullable<Omit<CatalogFeature, 'unitTransformation'>> & {
      unitTransformation?: Nullable<UnitTransformationInput> | null
    },
): CatalogFeature =>
  stated<CatalogFeature>({
    id: feature.id,
    displayName: feature.displayName,
    featureType: feature.featureType,
    meterType: unless(feature.meterType, 'None'),
    description: feature.description,
    featureUnits: feature.featureUnits,
    featureUnitsPlural: feature.featureUnitsPlural,
    enumConfiguration: feature.enumConfiguration?.map(({ value, displayName }) => ({
      value,
      displayName,
    })),
    unitTransformation: feature.unitTransformation && transformation(feature.unitTransformation),
    meter: feature.meter && meter(feature.meter),
    metadata: labels(feature.metadata),
  })

/** Takes the wire form, too. */
const canonicalCurrency = (
  currency: Pick<CatalogCurrency, 'id' | 'displayName'> & Nullable<CatalogCurrency>,
): CatalogCurrency =>
  stated<CatalogCurrency>({
    id: currency.id,
    displayName: currency.displayName,
    description: currency.description,
    symbol: currency.symbol,
    units: currency.units && { singular: currency.units.singular, plural: currency.units.plural },
    metadata: labels(currency.metadata),
  })

/** Takes the wire form, too, with its plans and add-ons. */
const canonicalProduct = (
  product: Pick<CatalogProduct, 'id' | 'displayName'> & Nullable<CatalogProduct>,
): CatalogProduct =>
  stated<CatalogProduct>({
    id: product.id,
    displayName: product.displayName,
    description: product.description,
    multipleSubscriptions: unless(product.multipleSubscriptions, false),
    productSettings: product.productSettings && settings(product.productSettings),
    usageResetCutoffRule:
      product.usageResetCutoffRule?.behavior === 'ALWAYS_RESET'
        ? null
        : product.usageResetCutoffRule && { behavior: product.usageResetCutoffRule.behavior },
    metadata: labels(product.metadata),
    plans: byId(product.plans).map(canonicalPlan),
    addons: byId(product.addons).map(canonicalAddon),
  })

/** Takes the wire form, too. */
export const canonicalPlan = (
  plan: Pick<CatalogPlan, 'id' | 'displayName' | 'pricingType'> &
    Nullable<Omit<CatalogPlan, 'defaultTrialConfig'>> & {
      defaultTrialConfig?: Nullable<DefaultTrialConfigInput> | null
    },
): CatalogPlan =>
  stated<CatalogPlan>({
    id: plan.id,
    displayName: plan.displayName,
    pricingType: plan.pricingType,
    description: plan.description,
    billingId: plan.billingId,
    parentPlanId: plan.parentPlanId,
    compatibleAddonIds: plan.compatibleAddonIds?.toSorted(),
    defaultTrialConfig: plan.defaultTrialConfig && trial(plan.defaultTrialConfig),
    entitlements: plan.entitlements?.map(canonicalEntitlement),
    metadata: labels(plan.metadata),
  })

/** Takes the wire form, too. */
export const canonicalAddon = (
  addon: Pick<CatalogAddon, 'id' | 'displayName' | 'pricingType'> & Nullable<CatalogAddon>,
): CatalogAddon =>
  stated<CatalogAddon>({
    id: addon.id,
    displayName: addon.displayName,
    pricingType: addon.pricingType,
    description: addon.description,
    billingId: addon.billingId,
    maxQuantity: addon.maxQuantity,
    dependencies: addon.dependencies?.toSorted(),
    entitlements: addon.entitlements?.map(canonicalEntitlement),
    metadata: labels(addon.metadata),
  })

function transformation(wire: Nullable<UnitTransformationInput>): UnitTransformationInput {
  const { divide, round, featureUnits, featureUnitsPlural } = wire
  return stated<UnitTransformationInput>({
    divide,
    round: unless(round, 'UP'),
    featureUnits,
    featureUnitsPlural,
  })
}

const meter = ({ aggregation, filters }: Meter): Meter => ({
  aggregation: {
    function: aggregation.function,
    ...(aggregation.field === undefined ? {} : { field: aggregation.field }),
  },
  filters: filters.map(({ conditions }) => ({ conditions: conditions.map(condition) })),
})

const condition = ({ field, operation, value, values }: MeterCondition): MeterCondition => ({
  field,
  operation,
  ...(value === undefined ? {} : { value }),
  ...(values === undefined ? {} : { values: [...values] }),
})

/** Null for the settings of a new product. */
function settings(wire: Nullable<ProductSettingsInput>): ProductSettingsInput | null {
  const found = stated<ProductSettingsInput>({
    subscriptionStartSetup: wire.subscriptionStartSetup,
    subscriptionStartPlanId: wire.subscriptionStartPlanId,
    subscriptionEndSetup: wire.subscriptionEndSetup,
    downgradePlanId: wire.downgradePlanId,
    subscriptionCancellationTime: wire.subscriptionCancellationTime,
    prorateAtEndOfBillingPeriod: wire.prorateAtEndOfBillingPeriod,
  })
  return JSON.stringify(found) === JSON.stringify(DEFAULT_SETTINGS) ? null : found
}

const trial = (wire: Nullable<DefaultTrialConfigInput>): DefaultTrialConfigInput =>
  stated<DefaultTrialConfigInput>({
    duration: wire.duration,
    units: wire.units,
    trialEndBehavior: wire.trialEndBehavior,
    budget: wire.budget && { hasSoftLimit: wire.budget.hasSoftLimit, limit: wire.budget.limit },
  })

/** An empty text means that there is no such key. */
const labels = (metadata: Metadata | null | undefined): Metadata =>
  Object.fromEntries(
    Object.entries(metadata ?? {})
      .filter(([, value]) => value !== '')
      .toSorted(([one], [other]) => byText(one, other)),
  )

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const byId = <T extends { id: string }>(list: readonly T[] | null | undefined): T[] =>
  (list ?? []).toSorted((one, other) => byText(one.id, other.id))
