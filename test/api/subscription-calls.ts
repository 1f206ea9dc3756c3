import type { OperationId } from '../../src/api.gen.ts'
import { sql } from '../../src/db/index.ts'
import { uuidv7 } from '../../src/kernel/ids.ts'
import type { Request } from '../support/contract-client.ts'
import { NOW, type Tenant } from '../support/world.ts'

/** A subscription of the customer `acme`, with a cancellation that is scheduled. */
const subscription = { id: 'acme-site' }
/** The customer and the plan are those of other calls. */
const terms = { customerId: 'acme', planId: 'site', resourceId: 'site-1' }

/** Stands for the task that `furnish` creates. */
export const TASK = 'the-task'

type SubscriptionOperation = Extract<OperationId, `v1.${'subscriptions' | 'tasks'}.${string}`>

/** The requests of `calls` about subscriptions and tasks. */
export const subscriptionCalls: {
  readonly [Id in SubscriptionOperation]: (mark: string) => Request
} = {
  'v1.subscriptions.provision': (mark) => ({
    body: {
      ...terms,
      id: 'acme-next',
      planId: 'site-free',
      entitlements: [{ id: 'api-calls', type: 'FEATURE', usageLimit: 7, resetPeriod: 'MONTH' }],
      metadata: { mark },
      billingId: mark,
    },
  }),
  'v1.subscriptions.retrieve': () => ({ params: subscription }),
  'v1.subscriptions.list': () => ({
    query: { customerId: terms.customerId, planId: terms.planId, status: 'ACTIVE,CANCELED' },
  }),
  'v1.subscriptions.update': (mark) => ({
    params: subscription,
    body: {
      addons: [{ id: 'onboarding', quantity: 2 }],
      scheduleStrategy: 'END_OF_BILLING_PERIOD',
      metadata: { mark: `${mark}, changed` },
    },
  }),
  'v1.subscriptions.cancel': () => ({
    params: subscription,
    body: { cancellationTime: 'IMMEDIATE', cancellationAction: 'REVOKE_ENTITLEMENTS' },
  }),
  'v1.subscriptions.import': (mark) => ({
    body: {
      subscriptions: [
        { id: 'acme-imported', customerId: 'acme', planId: 'site-free', metadata: { mark } },
      ],
    },
  }),
  'v1.subscriptions.migrate': () => ({
    params: subscription,
    body: { subscriptionMigrationTime: 'IMMEDIATE' },
  }),
  'v1.subscriptions.transfer': () => ({
    params: subscription,
    body: { destinationResourceId: 'site-2' },
  }),
  'v1.subscriptions.delegate': () => ({
    params: subscription,
    body: { targetCustomerId: 'acme-holding' },
  }),
  'v1.subscriptions.futureUpdate.cancelSchedule': () => ({ params: subscription }),
  'v1.subscriptions.futureUpdate.cancelPendingPayment': () => ({ params: subscription }),
  'v1.tasks.list': () => ({}),
  'v1.tasks.retrieve': () => ({ params: { id: TASK } }),
  'v1.tasks.cancel': () => ({ params: { id: TASK } }),
}

/**
 * Creates a subscription with one update that is scheduled and one that waits for a payment. Its
 * plan has a newer version.
 */
export async function furnishSubscriptions(tenant: Tenant, mark: string): Promise<void> {
  await tenant.ok('v1.customers.provision', { body: { id: 'acme-holding', name: mark } })
  await tenant.ok('v1.subscriptions.provision', {
    body: {
      ...terms,
      ...subscription,
      addons: [{ id: 'onboarding', quantity: 1 }],
      cancellationDate: '2030-01-01T00:00:00Z',
      metadata: { mark },
      billingId: mark,
    },
  })
  const plan = { params: { id: terms.planId } }
  await tenant.ok('v1.plans.createDraft', plan)
  await tenant.ok('v1.plans.publish', { ...plan, body: { migrationType: 'NEW_CUSTOMERS' } })
  // Nothing makes such an update before there are prices.
  const updates = JSON.stringify([
    {
      status: 'PENDING_PAYMENT',
      at: Date.UTC(2029, 0),
      change: { type: 'BILLING_PERIOD', billingPeriod: 'ANNUALLY', anchor: null },
    },
  ])
  await tenant.execute(sql`
    with changed as (
      update subscription_revisions set updates = ${updates}::jsonb
      where environment_key = ${tenant.scope.environmentKey}::uuid returning customer_key
    )
    update customer_heads set structure_version = gen_random_uuid()
    from changed where customer_heads.customer_key = changed.customer_key`)
}

/** Creates a task that no server works on. Returns its id. */
export async function furnishTask(tenant: Tenant, mark: string): Promise<string> {
  const id = uuidv7().next(Date.parse(NOW))
  const errors = JSON.stringify([{ index: 0, id: terms.customerId, message: mark, code: null }])
  const input = JSON.stringify({ version: 2, package: { type: 'PLAN', id: terms.planId } })
  const { environmentKey } = tenant.scope
  await tenant.execute(sql`
    insert into tasks (environment_key, task_key, type, subject, input, status, total, done,
      failed, errors, created_at, updated_at)
    select ${environmentKey}::uuid, ${id}::uuid, 'SUBSCRIPTION_MIGRATION', ${id}::uuid,
      ${input}::jsonb, 'IN_PROGRESS', 3, 1, 1, ${errors}::jsonb, created_at, created_at
    from environments where environment_key = ${environmentKey}::uuid`)
  return id
}
