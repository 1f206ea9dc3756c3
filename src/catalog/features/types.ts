import type {
  AggregationFunction,
  ConditionOperation,
  FeatureEnumValue,
  FeatureStatus,
  FeatureType,
  MeterType,
  ResetAnchor,
  ResetPeriod,
  UnitTransformation,
} from '../../api.gen.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'
import type { Quantity } from '../../kernel/quantity.ts'

export type Feature = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  /** Neither this nor the meter type ever changes. */
  featureType: FeatureType
  /** `None` unless the type is NUMBER. */
  meterType: MeterType
  /** SUSPENDED means archived: nothing new can grant it, and existing entitlements stay. */
  status: FeatureStatus
  units: string | null
  unitsPlural: string | null
  /** In the vendor's order, without duplicates. Null unless the type is ENUM. */
  enumConfiguration: readonly FeatureEnumValue[] | null
  unitTransformation: UnitTransformation | null
  /** Null if callers report usage. Otherwise it computes usage from events. */
  meter: Meter | null
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
}

/** A feature without the fields that only its vendor reads. */
export type BareFeature = Omit<Feature, 'metadata'>

/** A feature whose usage is computed from events. */
export type MeteredFeature = Feature & { meter: Meter }

/** Which events feed a feature, and how they become usage. */
export type Meter = {
  aggregation: Aggregation
  /** An event must match one of them. Without filters every event matches. */
  filters: readonly MeterFilter[]
}

/** COUNT counts events. The others use a field of each event. */
export type Aggregation =
  | { function: 'COUNT' }
  | { function: Exclude<AggregationFunction, 'COUNT'>; field: string }

/** All conditions must hold. Without conditions every event matches. */
export type MeterFilter = { conditions: readonly Condition[] }

export type Condition =
  | { field: string; operation: 'IS_NULL' | 'IS_NOT_NULL' }
  | { field: string; operation: 'IN'; values: readonly string[] }
  | {
      field: string
      operation: Exclude<ConditionOperation, 'IS_NULL' | 'IS_NOT_NULL' | 'IN'>
      value: string
    }

/** Fields of a new feature in a request, besides its id. */
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

/** Changes of a feature in a request. Absent fields are kept, null clears, metadata is merged. */
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

/** How much of a feature a source gives. The feature's type determines which fields apply. */
export type Allowance = {
  /** In the units of the limit. null: 0, unless unlimited. */
  limit: Quantity | null
  isUnlimited: boolean
  /** Whether usage beyond the limit is granted. */
  isSoft: boolean
  /** Values of an ENUM feature, without duplicates. */
  enumValues: readonly string[]
}

/** When usage starts again from 0. */
export type Reset = {
  period: ResetPeriod
  /** null: periods are counted from the start of the source. Days and hours always are. */
  accordingTo: ResetAnchor | null
}

/** The input for how much of a feature something gives, and when its usage is reset. */
export type GrantTerms = Allowance & {
  resetPeriod: ResetPeriod | null
  /** The configuration that was sent for each period, used or not. */
  accordingTo: { YEAR: ResetAnchor | null; MONTH: ResetAnchor | null; WEEK: ResetAnchor | null }
}
