import type {
  CustomCurrencyUpdateRequestBody,
  FeatureCreateFeatureRequestBody,
  FeatureUpdateFeatureRequestBody,
  UnitTransformation,
  UnitTransformationInput,
} from '../contract.gen.ts'
import { createdRange } from '../kernel/created-range.ts'
import { pageRequest } from '../kernel/page.ts'
import { none } from '../kernel/patch.ts'
import type { Handlers } from '../operation.ts'
import type { CatalogUse } from './catalog-use.ts'
import * as currencies from './currency-commands.ts'
import * as features from './feature-commands.ts'
import { meterFromWire } from './meter-from-wire.ts'
import * as queries from './queries.ts'
import type { CurrencyInput, FeatureInput, NewFeatureInput } from './types.ts'
import { currencyToWire, featureToWire } from './wire.ts'

const transformationFromWire = (wire: UnitTransformationInput): UnitTransformation => ({
  divide: wire.divide,
  round: wire.round ?? 'UP',
  featureUnits: wire.featureUnits || null,
  featureUnitsPlural: wire.featureUnitsPlural || null,
})

const newFeatureFromWire = (wire: FeatureCreateFeatureRequestBody): NewFeatureInput => ({
  displayName: wire.displayName,
  featureType: wire.featureType,
  meterType: wire.meterType ?? 'None',
  status: wire.featureStatus ?? 'NEW',
  description: wire.description || null,
  units: wire.featureUnits || null,
  unitsPlural: wire.featureUnitsPlural || null,
  enumConfiguration: wire.enumConfiguration ?? [],
  unitTransformation: wire.unitTransformation
    ? transformationFromWire(wire.unitTransformation)
    : null,
  metadata: wire.metadata,
})

const featureFromWire = (wire: FeatureUpdateFeatureRequestBody): FeatureInput => ({
  displayName: wire.displayName,
  description: none(wire.description),
  units: none(wire.featureUnits),
  unitsPlural: none(wire.featureUnitsPlural),
  enumConfiguration: wire.enumConfiguration,
  unitTransformation: wire.unitTransformation && transformationFromWire(wire.unitTransformation),
  meter: wire.meter && meterFromWire(wire.meter),
  metadata: wire.metadata,
})

/** The fields that creating and updating share. */
const currencyFromWire = (wire: CustomCurrencyUpdateRequestBody): CurrencyInput => ({
  displayName: wire.displayName,
  description: none(wire.description),
  symbol: none(wire.symbol),
  units: wire.units,
  metadata: wire.metadata,
})

type Features =
  | 'v1.features.createFeature'
  | 'v1.features.retrieveFeature'
  | 'v1.features.updateFeature'
  | 'v1.features.listFeatures'
  | 'v1.features.archiveFeature'
  | 'v1.features.unarchiveFeature'

const featuresHandlers = (use: CatalogUse): Handlers<Features> => ({
  'v1.features.createFeature': async ({ body }, call) => ({
    data: featureToWire(await features.createFeature(call, body.id, newFeatureFromWire(body))),
  }),
  'v1.features.retrieveFeature': async ({ params }, call) => ({
    data: featureToWire(await queries.retrieveFeature(call, params.id)),
  }),
  'v1.features.updateFeature': async ({ params, body }, call) => {
    const change = { featureId: params.id, input: featureFromWire(body), use }
    return { data: featureToWire(await features.updateFeature(call, change)) }
  },
  'v1.features.listFeatures': async ({ query }, call) => {
    const page = await queries.listFeatures(call, {
      id: query.id ?? null,
      featureTypes: query.featureType ?? null,
      meterTypes: query.meterType ?? null,
      statuses: query.status ?? null,
      created: createdRange(query.createdAt),
      page: pageRequest(query),
    })
    return { ...page, data: page.data.map(featureToWire) }
  },
  'v1.features.archiveFeature': async ({ params }, call) => ({
    data: featureToWire(await features.archiveFeature(call, params.id, use)),
  }),
  'v1.features.unarchiveFeature': async ({ params }, call) => ({
    data: featureToWire(await features.unarchiveFeature(call, params.id)),
  }),
})

type Currencies =
  | 'v1.credits.customCurrencies.create'
  | 'v1.credits.customCurrencies.update'
  | 'v1.credits.customCurrencies.list'
  | 'v1.credits.customCurrencies.archive'
  | 'v1.credits.customCurrencies.unarchive'
  | 'v1.credits.customCurrencies.listAssociatedEntities'

const currenciesHandlers = (use: CatalogUse): Handlers<Currencies> => ({
  'v1.credits.customCurrencies.create': async ({ body }, call) => {
    const input = { ...currencyFromWire(body), displayName: body.displayName }
    return { data: currencyToWire(await currencies.createCurrency(call, body.id, input)) }
  },
  'v1.credits.customCurrencies.update': async ({ params, body }, call) => {
    const input = currencyFromWire(body)
    return { data: currencyToWire(await currencies.updateCurrency(call, params.currencyId, input)) }
  },
  'v1.credits.customCurrencies.list': async ({ query }, call) => {
    const statuses = query.status ?? ['ACTIVE']
    const page = await queries.listCurrencies(call, {
      active: statuses.includes('ACTIVE'),
      archived: statuses.includes('ARCHIVED'),
      page: pageRequest(query),
    })
    return { ...page, data: page.data.map(currencyToWire) }
  },
  'v1.credits.customCurrencies.archive': async ({ params }, call) => ({
    data: currencyToWire(await currencies.archiveCurrency(call, params.currencyId, use)),
  }),
  'v1.credits.customCurrencies.unarchive': async ({ params }, call) => ({
    data: currencyToWire(await currencies.unarchiveCurrency(call, params.currencyId)),
  }),
  'v1.credits.customCurrencies.listAssociatedEntities': async ({ params }, call) => ({
    data: await queries.listAssociatedEntities(call, params.currencyId, use),
  }),
})

/** The operations of the catalog, over what the modules that lean on it say. */
export const catalogHandlers = (use: CatalogUse): Handlers<Features | Currencies> => ({
  ...featuresHandlers(use),
  ...currenciesHandlers(use),
})
