import type {
  FeatureCreateFeatureRequestBody,
  FeatureUpdateFeatureRequestBody,
  Operations,
  UnitTransformation,
  UnitTransformationInput,
} from '../../api.gen.ts'
import { createdRange } from '../../kernel/created-range.ts'
import { pageRequest, pageToWire } from '../../kernel/page.ts'
import { none } from '../../kernel/patch.ts'
import type { Handlers } from '../../operation.ts'
import type { CatalogUse } from '../catalog-use.ts'
import * as features from './commands.ts'
import { meterFromWire } from './meter-from-wire.ts'
import * as queries from './queries.ts'
import type { FeatureFilter } from './store.ts'
import type { FeatureInput, NewFeatureInput } from './types.ts'
import { featureToWire } from './wire.ts'

const transformationFromWire = (wire: UnitTransformationInput): UnitTransformation => ({
  divide: wire.divide,
  round: wire.round ?? 'UP',
  featureUnits: wire.featureUnits || null,
  featureUnitsPlural: wire.featureUnitsPlural || null,
})

export const newFeatureFromWire = (wire: FeatureCreateFeatureRequestBody): NewFeatureInput => ({
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

const filterFromWire = (query: Operations['v1.features.listFeatures']['query']): FeatureFilter => ({
  id: query.id ?? null,
  featureTypes: query.featureType ?? null,
  meterTypes: query.meterType ?? null,
  statuses: query.status ?? null,
  created: createdRange(query.createdAt),
  page: pageRequest(query),
})

type Features =
  | 'v1.features.createFeature'
  | 'v1.features.retrieveFeature'
  | 'v1.features.updateFeature'
  | 'v1.features.listFeatures'
  | 'v1.features.archiveFeature'
  | 'v1.features.unarchiveFeature'

/** The handlers of the operations on features. */
export const featureHandlers = (use: CatalogUse): Handlers<Features> => ({
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
  'v1.features.listFeatures': async ({ query }, call) =>
    pageToWire(await queries.listFeatures(call, filterFromWire(query)), featureToWire),
  'v1.features.archiveFeature': async ({ params }, call) => ({
    data: featureToWire(await features.archiveFeature(call, params.id, use)),
  }),
  'v1.features.unarchiveFeature': async ({ params }, call) => ({
    data: featureToWire(await features.unarchiveFeature(call, params.id)),
  }),
})
