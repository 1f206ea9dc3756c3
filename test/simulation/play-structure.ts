import assert from 'node:assert/strict'
import { instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { quantityToWire } from '../../src/kernel/quantity.ts'
import { grant, revoke } from './model/grants.ts'
import type { Outcome } from './model/state.ts'
import {
  archiveCustomer,
  type BudgetAnswer,
  setArchived,
  unarchiveCustomer,
  upsertBudgets,
  upsertEntities,
  upsertTypes,
} from './model/structure.ts'
import type { Move } from './moves.ts'
import { expect, meterToWire, now, type Scene } from './scene.ts'

type Of<Kind extends Move['kind']> = Extract<Move, { kind: Kind }>

export async function playChoose({ state, tenant }: Scene, { unknownDimensions }: Of<'choose'>) {
  state.unknownDimensions = unknownDimensions
  await tenant.ok('v1.environment.settings.update', { body: { unknownDimensions } })
}

/** Replaces the attribution keys of a type. The request must repeat its name. */
export async function playKeys({ state, tenant }: Scene, { typeId, keys }: Of<'keys'>) {
  const type = { id: typeId, attributionKeys: keys }
  upsertTypes(state, [type])
  const types = [{ ...type, displayName: typeId }]
  await tenant.ok('v1Beta.entityTypes.upsert', { body: { types } })
}

export async function playEntity(scene: Scene, { customerId, id, entityTypeId }: Of<'entity'>) {
  const entity = { id, ...(entityTypeId !== null && { entityTypeId }) }
  await expect(scene, {
    id: 'v1Beta.customers.entities.upsert',
    request: { params: { id: customerId }, body: { entities: [entity] } },
    outcome: upsertEntities(scene.state, customerId, [entity]),
  })
}

export async function playArchive(scene: Scene, { customerId, ids, to }: Of<'archive'>) {
  await expect(scene, {
    id: to ? 'v1Beta.customers.entities.archive' : 'v1Beta.customers.entities.unarchive',
    request: { params: { id: customerId }, body: { ids } },
    outcome: setArchived(scene.state, { customerId, ids, to }),
  })
}

export async function playArchiveCustomer(
  scene: Scene,
  { customerId, to }: Of<'archive customer'>,
) {
  await expect(scene, {
    id: to ? 'v1.customers.archive' : 'v1.customers.unarchive',
    request: { params: { id: customerId } },
    outcome: to
      ? archiveCustomer(scene.state, customerId, now(scene))
      : unarchiveCustomer(scene.state, customerId),
  })
}

export async function playBudgets(scene: Scene, { customerId, rows }: Of<'budgets'>) {
  const outcome: Outcome<BudgetAnswer[]> = upsertBudgets(scene.state, {
    ...{ customerId, rows },
    now: now(scene),
  })
  await expect(
    scene,
    {
      id: 'v1Beta.customers.assignments.upsert',
      request: { params: { id: customerId }, body: { assignments: rows } },
      outcome,
    },
    (predicted, { data }) =>
      assert.deepEqual(
        data.map(({ id, updatedAt, createdAt, ...rest }) => ({
          ...rest,
          createdAt: instantFromWire(createdAt),
        })),
        predicted.map(({ budget, parentId }) => ({
          entityId: budget.entityId,
          [`${budget.capability.kind}Id`]: budget.capability.id,
          scopeEntityIds: budget.scope,
          usageLimit: budget.limit === null ? null : quantityToWire(budget.limit),
          cadence: budget.cadence,
          parentId,
          createdAt: budget.createdAt,
        })),
      ),
  )
}

export async function playGrant(scene: Scene, move: Of<'grant'>) {
  const { customerId, featureId, limit, soft, endsInMs } = move
  const counts = scene.state.features.get(featureId)?.meterType
  const isMetered = counts !== 'None'
  // Only INCREMENTAL features have a reset.
  const reset = counts === 'INCREMENTAL' ? move.reset : null
  const endsAt = endsInMs === null ? null : now(scene) + endsInMs
  const config = (unit: string) =>
    reset?.unit === unit ? { accordingTo: reset.accordingTo } : null
  await expect(scene, {
    id: 'v1.customers.promotionalEntitlements.create',
    request: {
      params: { id: customerId },
      body: {
        promotionalEntitlements: [
          {
            featureId,
            period: endsAt === null ? 'lifetime' : 'custom',
            customEndDate: endsAt === null ? null : instantToWire(endsAt),
            usageLimit: isMetered ? limit : null,
            hasUnlimitedUsage: isMetered ? limit === null : null,
            hasSoftLimit: isMetered && limit !== null ? soft : null,
            enumValues: null,
            isVisible: true,
            resetPeriod: reset?.unit ?? null,
            yearlyResetPeriodConfiguration: config('YEAR'),
            monthlyResetPeriodConfiguration: config('MONTH'),
            weeklyResetPeriodConfiguration: config('WEEK'),
          },
        ],
      },
    },
    outcome: grant(
      scene.state,
      { ...{ customerId, featureId, limit, soft, reset, endsAt } },
      now(scene),
    ),
  })
}

export async function playRevoke(scene: Scene, { customerId, featureId }: Of<'revoke'>) {
  await expect(scene, {
    id: 'v1.customers.promotionalEntitlements.revoke',
    request: { params: { id: customerId, featureId } },
    outcome: revoke(scene.state, { customerId, featureId }, now(scene)),
  })
}

/** Changes the meter of calls. It matches all calls, or only those in Europe, from now on. */
export async function playMeter({ state, tenant }: Scene, { isEuropean }: Of<'meter'>) {
  const feature = state.features.get('calls')
  assert.ok(feature?.meter)
  feature.meter = { ...feature.meter, where: isEuropean ? { field: 'region', value: 'eu' } : null }
  await tenant.ok('v1.features.updateFeature', {
    params: { id: feature.id },
    body: { meter: meterToWire(feature.meter) },
  })
}
