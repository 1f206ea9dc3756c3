import type { Scenario } from '../types.ts'
import { checkEntitlement } from './check-entitlement.ts'
import { listEntities } from './list-entities.ts'
import { retrieveEntity } from './retrieve-entity.ts'
import { upsertEntities } from './upsert-entities.ts'
import { usage } from './usage/index.ts'

/** All scenarios, in the order of the run. */
export const scenarios: readonly Scenario[] = [
  retrieveEntity,
  listEntities,
  ...upsertEntities,
  ...checkEntitlement,
  ...usage,
]
