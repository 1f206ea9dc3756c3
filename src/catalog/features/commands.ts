import type { Tx } from '../../db/index.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inPath } from '../../kernel/field.ts'
import type { Call } from '../../operation.ts'
import { type CatalogUse, refuseGranted, summarize } from '../catalog-use.ts'
import { type CatalogKind, changeInCatalog, createInCatalog } from '../change-in-catalog.ts'
import {
  addsUp,
  aggregatesOtherwise,
  archivedFeature,
  changeFeature,
  countsOtherwise,
  newFeature,
  unarchivedFeature,
  valuesRemoved,
} from './change-feature.ts'
import { unknownFeature } from './queries.ts'
import { countMeters, findFeatures, lockFeatures, saveFeature } from './store.ts'
import type { Feature, FeatureInput, NewFeatureInput } from './types.ts'
import { featureToWire } from './wire.ts'

/** Every event is matched against all meters. */
export const METERS_LIMIT = 1000

const FEATURES: CatalogKind<Feature> = {
  noun: 'feature',
  decides: true,
  find: findFeatures,
  lock: lockFeatures,
  save: saveFeature,
  toWire: featureToWire,
  notFound: (id) => unknownFeature(inPath('id'), id),
}

/** Creates a feature. 409 if the id is taken, also by an archived feature; 400 as `newFeature`. */
export const createFeature = (call: Call, id: string, input: NewFeatureInput): Promise<Feature> =>
  createInCatalog(call, { kind: FEATURES, id, event: 'feature.created' }, async (_, at) =>
    newFeature(id, input, at),
  )

/**
 * Changes the fields in the input. 404 `FeatureNotFound`. 400 as `changeFeature`;
 * `InvalidArgumentError` if a granted value would be removed, if counted usage would change, or if
 * budgeted usage would no longer be a sum; `CannotUpdateUnitTransformationError` if active
 * subscriptions have the feature; `FeatureConfigurationExceededLimitError` for too many meters.
 */
export const updateFeature = (
  call: Call,
  change: { featureId: string; input: FeatureInput; use: CatalogUse },
): Promise<Feature> =>
  changeInCatalog(call, { kind: FEATURES, id: change.featureId }, async (tx, before, now) => {
    const after = changeFeature(before, change.input, now)
    await refuseWhatIsInUse({ tx, call, use: change.use }, before, after)
    if (before.meter === null && after.meter !== null) await refuseTooManyMeters(tx, call)
    return { after, event: 'feature.updated' }
  })

type UseQuery = { tx: Tx; call: Call; use: CatalogUse }

async function refuseWhatIsInUse({ tx, call, use }: UseQuery, before: Feature, after: Feature) {
  const values = valuesRemoved(before, after)
  const granted =
    values.length === 0
      ? []
      : await use.valuesGranted(tx, call.scope, {
          featureKey: before.key,
          values,
          now: call.app.clock.now(),
        })
  if (granted.length > 0)
    throw badInput(
      inBody('enumConfiguration'),
      `enumConfiguration: entitlements still grant the removed values ${summarize(granted)}`,
      'InvalidArgumentError',
    )
  if (countsOtherwise(before, after) && (await use.isSubscribed(tx, call.scope, before.key)))
    throw badInput(
      inBody('unitTransformation'),
      `unitTransformation: cannot change while active subscriptions have feature ${before.id}`,
      'CannotUpdateUnitTransformationError',
    )
  const part = aggregatesOtherwise(before, after)
  if (part !== null && (await use.isCounted(tx, call.scope, before.key)))
    throw badInput(
      inBody(...part.split('.')),
      `${part}: cannot change after usage of feature ${before.id} was counted; create another feature`,
      'InvalidArgumentError',
    )
  if (addsUp(before) && !addsUp(after) && (await use.isBudgeted(tx, call.scope, before.key)))
    throw badInput(
      inBody('meter'),
      `meter: the feature ${before.id} has budgets, so its meter must be a SUM or a COUNT`,
      'InvalidArgumentError',
    )
}

async function refuseTooManyMeters(tx: Tx, { scope }: Call): Promise<void> {
  if ((await countMeters(tx, scope)) >= METERS_LIMIT)
    throw badInput(
      inBody('meter'),
      `meter: an environment has at most ${METERS_LIMIT} meters`,
      'FeatureConfigurationExceededLimitError',
    )
}

/**
 * Archives a feature, so that nothing new can grant it. An archived one is not changed. 404
 * `FeatureNotFound`; 400 `CannotArchiveFeatureError` if packages grant it.
 */
export const archiveFeature = (call: Call, featureId: string, use: CatalogUse): Promise<Feature> =>
  changeInCatalog(call, { kind: FEATURES, id: featureId }, async (tx, before, now) => {
    const after = archivedFeature(before, now)
    if (after !== before)
      refuseGranted(await use.packagesWithFeature(tx, call.scope, before.key), (granted) =>
        badInput(inPath('id'), `feature ${featureId} is ${granted}`, 'CannotArchiveFeatureError'),
      )
    return { after, event: 'feature.deleted' }
  })

/** Restores an archived feature. An active one is not changed. 404 `FeatureNotFound`. */
export const unarchiveFeature = (call: Call, featureId: string): Promise<Feature> =>
  changeInCatalog(call, { kind: FEATURES, id: featureId }, async (_, before, now) => ({
    after: unarchivedFeature(before, now),
    event: 'feature.updated',
  }))
