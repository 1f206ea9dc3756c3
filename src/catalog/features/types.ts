import type {
  AggregationFunction,
  ConditionOperation,
  FeatureEnumValue,
  FeatureStatus,
  FeatureType,
  MeterType,
  UnitTransformation,
} from '../../api.gen.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'

export type Feature = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  /** It never changes, and neither does the meter type. */
  featureType: FeatureType
  /** `None` unless the type is NUMBER. */
  meterType: MeterType
  /** SUSPENDED is archived: granted no more, while those who hold it keep it. */
  status: FeatureStatus
  units: string | null
  unitsPlural: string | null
  /** In the vendor's order, each value once; null unless the type is ENUM. */
  enumConfiguration: readonly FeatureEnumValue[] | null
  unitTransformation: UnitTransformation | null
  /** Null while usage is reported by callers; a meter takes it from events. */
  meter: Meter | null
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
}

/** A feature without what only its vendor reads. */
export type BareFeature = Omit<Feature, 'metadata'>

/** A feature whose usage comes from events. */
export type MeteredFeature = Feature & { meter: Meter }

/** Which events feed a feature, and how they become its usage. */
export type Meter = {
  aggregation: Aggregation
  /** An event has to pass one of them; none at all lets every event pass. */
  filters: readonly MeterFilter[]
}

/** COUNT takes the events themselves, the others a field of each. */
export type Aggregation =
  | { function: 'COUNT' }
  | { function: Exclude<AggregationFunction, 'COUNT'>; field: string }

/** All conditions must hold; none at all lets every event pass. */
export type MeterFilter = { conditions: readonly Condition[] }

export type Condition =
  | { field: string; operation: 'IS_NULL' | 'IS_NOT_NULL' }
  | { field: string; operation: 'IN'; values: readonly string[] }
  | {
      field: string
      operation: Exclude<ConditionOperation, 'IS_NULL' | 'IS_NOT_NULL' | 'IN'>
      value: string
    }

/** What a request says of a new feature, beside its id. */
export type NewFeatureInput = {
  displayName: string
  featureType: FeatureType
  meterType: MeterType
  status: FeatureStatus
  description: string | null
  units: string | null
  unitsPlural: string | null
  enumConfiguration: readonly FeatureEnumValue[]
  unitTransformation: UnitTransformation | null
  metadata: MetadataPatch | undefined
}

/** What a request changes of a feature. Absent keeps, null clears, metadata is merged. */
export type FeatureInput = {
  displayName?: string | undefined
  description?: string | null | undefined
  units?: string | null | undefined
  unitsPlural?: string | null | undefined
  enumConfiguration?: readonly FeatureEnumValue[] | undefined
  unitTransformation?: UnitTransformation | null | undefined
  meter?: Meter | undefined
  metadata?: MetadataPatch | undefined
}
