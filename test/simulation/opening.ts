import type { Move } from './moves.ts'

const held = { kind: 'grant', customerId: 'acme', limit: 300, soft: false, endsInMs: null } as const
const monthly = { unit: 'MONTH', accordingTo: 'StartOfTheMonth' } as const
const budget = { featureId: 'tokens', cadence: 'P1D' }

/** The first moves of a history: grants and budgets. Without them, most moves would be refused. */
export const OPENING: readonly Move[] = [
  { ...held, featureId: 'tokens', reset: monthly },
  { ...held, limit: 40, featureId: 'seats', reset: null },
  { ...held, featureId: 'calls', reset: monthly },
  { ...held, customerId: 'globex', featureId: 'tokens', reset: null },
  {
    kind: 'budgets',
    customerId: 'acme',
    rows: [
      { ...budget, entityId: 'org', usageLimit: 40, cadence: 'P1M' },
      { ...budget, entityId: 'eng', usageLimit: 20, parentId: 'org' },
      { ...budget, entityId: 'eng', usageLimit: 9, scopeEntityIds: ['large'] },
      { ...budget, entityId: 'ann', usageLimit: 8, parentId: 'eng', cadence: 'PT1H' },
      { ...budget, entityId: 'bob', usageLimit: null, parentId: 'eng' },
      { ...budget, featureId: 'seats', entityId: 'eng', usageLimit: 12 },
      { ...budget, featureId: 'seats', entityId: 'ann', usageLimit: 8, cadence: 'PT1H' },
    ],
  },
]
