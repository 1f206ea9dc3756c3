import type { App } from '../../src/app.ts'
import { RANK_BUDGETS } from '../../src/budgets/index.ts'
import { rankBudgets } from '../../src/budgets/ranking/index.ts'
import { findFeatures } from '../../src/catalog/features/index.ts'
import { findCustomerKey } from '../../src/customers/index.ts'
import { required } from '../../src/kernel/assert.ts'
import type { Scope } from '../../src/kernel/scope.ts'
import { makeUsers, type Row } from './budgets.ts'
import { recordUsage } from './record-usage.ts'
import type { Tenant, World } from './world.ts'

/** A pause after a pass is longer than one between two steps. */
const LONG_MS = 1000

/** Ranks the budgets of an environment, until a pass is complete. */
export async function rankAll(app: App, scope: Scope): Promise<void> {
  const now = app.clock.now()
  const work = { scope, workKey: 'none', customerKey: scope.environmentKey, kind: RANK_BUDGETS }
  const due = { ...work, subject: '', dueAt: now, attempts: 0 }
  for (let next = now; next < now + LONG_MS; ) {
    const asked = await app.db.transaction((tx) => rankBudgets(tx, due, now, app))
    next = typeof asked === 'number' ? asked : Infinity
  }
}

/** Functions for the customers of an environment. */
export function actionsIn({ bursar: { app } }: World, tenant: Tenant) {
  const customer = async (id: string) => {
    await tenant.ok('v1.customers.provision', { body: { id, name: `Customer ${id}` } })
    const entities = ['ann', 'bob'].map((user) => ({ id: user, entityTypeId: 'user' }))
    await tenant.ok('v1Beta.customers.entities.upsert', { params: { id }, body: { entities } })
  }
  const budget = (id: string, entityId: string, more: Row = {}) =>
    tenant.ok('v1Beta.customers.assignments.upsert', {
      params: { id },
      body: {
        assignments: [{ entityId, featureId: 'tokens', usageLimit: 100, cadence: 'P1M', ...more }],
      },
    })
  const use = async (id: string, user: string, amount: number) => {
    const now = app.clock.now()
    const [feature] = await findFeatures(app.db.read, tenant.scope, ['tokens'])
    const customerKey = await findCustomerKey(app.db.read, tenant.scope, id)
    await recordUsage(
      { ...app, scope: tenant.scope, customerKey: required(customerKey, id), now },
      {
        featureKey: required(feature, 'the feature').key,
        amount,
        dimensions: [['userId', user]],
        occurredAt: now,
      },
    )
  }
  return { customer, budget, use }
}

/** A feature, and a customer with the users ann and bob. */
export async function customersIn(of: World, tenant: Tenant) {
  await makeUsers(tenant, 'one', ['ann', 'bob'])
  return actionsIn(of, tenant)
}
