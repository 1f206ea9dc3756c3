import { type Caller, call } from '../../api/call.ts'

/** A customer with a team and an agent, whose budget is nearly used up. */
export const SAMPLE = {
  customer: 'sample-orrery',
  feature: 'sample-tokens',
  agent: 'agent-indexer',
  key: 'agentId',
  amount: '60',
} as const

const { customer, feature, agent } = SAMPLE

type Step = { text: string; run: (caller: Caller) => Promise<unknown> }

/** The calls that make the sample. Each can be repeated without harm. */
export const STEPS: readonly Step[] = [
  {
    text: 'PUT /api/v1/entity-types',
    run: (caller) =>
      call(caller, 'v1Beta.entityTypes.upsert', {
        body: {
          types: [
            { id: 'team', displayName: 'Team', attributionKeys: ['teamId'] },
            { id: 'agent', displayName: 'Agent', attributionKeys: ['agentId'] },
          ],
        },
      }),
  },
  {
    text: 'POST /api/v1/customers',
    run: (caller) =>
      call(caller, 'v1.customers.provision', { body: { id: customer, name: 'Orrery (sample)' } }),
  },
  {
    text: `PUT /api/v1/customers/${customer}/entities`,
    run: (caller) =>
      call(caller, 'v1Beta.customers.entities.upsert', {
        params: { id: customer },
        body: {
          entities: [
            { id: 'team-research', entityTypeId: 'team', displayName: 'Research' },
            { id: agent, entityTypeId: 'agent', displayName: 'Indexer' },
          ],
        },
      }),
  },
  {
    text: 'POST /api/v1/features',
    run: (caller) =>
      call(caller, 'v1.features.createFeature', {
        body: {
          id: feature,
          displayName: 'AI tokens (sample)',
          featureType: 'NUMBER',
          meterType: 'INCREMENTAL',
          featureUnits: 'token',
          featureUnitsPlural: 'tokens',
        },
      }),
  },
  {
    text: `POST /api/v1/customers/${customer}/promotional-entitlements`,
    run: (caller) =>
      call(caller, 'v1.customers.promotionalEntitlements.create', {
        params: { id: customer },
        body: {
          promotionalEntitlements: [
            {
              featureId: feature,
              period: 'lifetime',
              customEndDate: null,
              usageLimit: 10_000,
              hasUnlimitedUsage: false,
              hasSoftLimit: false,
              enumValues: null,
              isVisible: true,
              resetPeriod: 'MONTH',
              monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
            },
          ],
        },
      }),
  },
  {
    text: `PUT /api/v1/customers/${customer}/entities/entitlements`,
    run: (caller) =>
      call(caller, 'v1Beta.customers.assignments.upsert', {
        params: { id: customer },
        body: {
          entityEntitlements: [
            { entityId: 'team-research', featureId: feature, usageLimit: 500, cadence: 'P1M' },
            {
              entityId: agent,
              featureId: feature,
              usageLimit: 200,
              cadence: 'P1D',
              parentId: 'team-research',
            },
          ],
        },
      }),
  },
  {
    text: 'POST /api/v1/usage',
    run: (caller) =>
      call(caller, 'v1.usage.report', {
        body: {
          usages: [
            {
              customerId: customer,
              featureId: feature,
              value: 150,
              dimensions: { agentId: agent },
              idempotencyKey: 'sample-1',
            },
          ],
        },
      }),
  },
]
