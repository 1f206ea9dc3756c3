import {
  allowanceOf,
  type GrantTerms,
  holdFeatures,
  resetOf,
  unknownFeature,
} from '../catalog/features/index.ts'
import type { PackageName } from '../catalog/packages/index.ts'
import type { Tx } from '../db/index.ts'
import { badInput } from '../kernel/errors.ts'
import { inBody } from '../kernel/field.ts'
import { firstRepeat } from '../kernel/first-repeat.ts'
import {
  type Metadata,
  type MetadataPatch,
  patchMetadata,
  refuseOversized,
} from '../kernel/metadata.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Content, Override, Packages } from './types.ts'
import { type AddonContext, validateAddons } from './validate-addons.ts'

/** An entitlement of one subscription in a request. */
export type OverrideInput = GrantTerms & { featureId: string }

/** The content of a subscription in a request. Absent parts are not sent. */
export type ContentInput = {
  addons?: readonly { id: string; quantity: number }[] | undefined
  overrides?: readonly OverrideInput[] | undefined
  metadata?: MetadataPatch | undefined
}

const ADDONS = inBody('addons')

/** Returns the add-ons of a request; undefined if none are sent. As `validateAddons`. */
export const readAddons = (
  { addons }: ContentInput,
  names: readonly PackageName[],
  context: Omit<AddonContext, 'where'>,
): Content['addons'] | undefined =>
  addons &&
  validateAddons(
    addons.map(({ id, quantity }) => ({ id, quantity, addon: addonNamed(id, names, context) })),
    { ...context, where: ADDONS },
  )

function addonNamed(
  id: string,
  names: readonly PackageName[],
  { packages }: { packages: Packages },
) {
  const key = names.find((each) => each.id === id && each.type === 'Addon')?.key
  return key === undefined ? null : (packages.get(key) ?? null)
}

const OVERRIDES = inBody('entitlements')

/**
 * Returns the overrides of a request; undefined if none are sent. Holds their features. 404
 * `FeatureNotFound`; 400 `EntityIsArchivedError`, `InvalidArgumentError` for two of one feature,
 * and as `allowanceOf` and `resetOf`.
 */
export async function readOverrides(
  tx: Tx,
  scope: Scope,
  { overrides }: ContentInput,
): Promise<readonly Override[] | undefined> {
  if (overrides === undefined || overrides.length === 0) return overrides && []
  const ids = overrides.map(({ featureId }) => featureId)
  const repeat = firstRepeat(ids)
  if (repeat !== null)
    throw badInput(
      OVERRIDES.at(repeat.index).at('id'),
      `entitlements[${repeat.index}] (${repeat.value}): duplicate feature`,
      'InvalidArgumentError',
    )
  const features = await holdFeatures(tx, scope, ids)
  const byId = new Map(features.map((feature) => [feature.id, feature]))
  return overrides.map(({ featureId, ...terms }, index) => {
    const where = OVERRIDES.at(index)
    const feature = byId.get(featureId)
    if (feature === undefined) throw unknownFeature(where.at('id'), featureId)
    const named = where.of(featureId)
    if (feature.status === 'SUSPENDED')
      throw badInput(named.at('id'), `${named}: the feature is archived`, 'EntityIsArchivedError')
    return {
      featureKey: feature.key,
      allowance: allowanceOf(terms, feature, { where: named, needsValue: true }),
      reset: resetOf(terms, feature, named),
    }
  })
}

/** Returns metadata after a request; undefined if it sends none. 400 `InvalidMetadataError`. */
export function readMetadata(before: Metadata, { metadata }: ContentInput): Metadata | undefined {
  if (metadata === undefined) return undefined
  const after = patchMetadata(before, metadata)
  refuseOversized(after, 'the subscription', inBody('metadata'))
  return after
}
