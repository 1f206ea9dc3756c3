import { notFound } from '../../kernel/errors.ts'
import { type Field, inPath } from '../../kernel/field.ts'
import type { Page } from '../../kernel/page.ts'
import type { Call } from '../../operation.ts'
import * as featureStore from './store.ts'
import type { Feature } from './types.ts'

export const unknownFeature = (field: Field, featureId: string) =>
  notFound(field, 'FeatureNotFound', `feature ${featureId} not found`)

/** Returns a feature, archived or not. 404 `FeatureNotFound`. */
export async function retrieveFeature({ app, scope }: Call, featureId: string): Promise<Feature> {
  const [feature] = await featureStore.findFeatures(app.db.read, scope, [featureId])
  if (feature === undefined) throw unknownFeature(inPath('id'), featureId)
  return feature
}

/** Returns features, including archived ones, newest first. */
export const listFeatures = (
  { app, scope }: Call,
  filter: featureStore.FeatureFilter,
): Promise<Page<Feature>> => featureStore.listFeatures(app.db.read, scope, filter)
