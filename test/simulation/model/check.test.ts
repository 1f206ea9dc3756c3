import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CREATED, createAcme, customerOf, done, FEATURE, grantTokens } from './acme.ts'
import { ask, assign, budget, createBudgeted, drawn, use } from './acme-calls.ts'
import { check } from './check.ts'
import type { State } from './state.ts'
import { setArchived, upsertEntities, upsertTypes } from './structure.ts'
import type { Dimensions } from './tree.ts'

const TEAM = 'team-eng 140/200'
const ORG = 'org-acme 400/1000'
const both = { userId: 'ann', modelId: 'gpt-4o' }

/**
 * The dimensions, the requested usage, the reason and the chains. All have the same usage before.
 */
const VECTORS: readonly [string, Dimensions, number, string | null, string[]][] = [
  ['fits', { userId: 'ann' }, 5, null, [`ann 10/30 → ${TEAM} → ${ORG}`]],
  ['fits the scope', both, 5, null, [`ann 10/30 → ${TEAM} → team-eng[gpt-4o] 45/50 → ${ORG}`]],
  [
    'exceeds only the scope',
    both,
    6,
    'BudgetExceeded',
    [`ann 10/30 → ${TEAM} → team-eng[gpt-4o] 45/50! → ${ORG}`],
  ],
  ['names no known entity', { userId: 'zoe' }, 5, null, []],
]

for (const [what, dimensions, requested, reason, chains] of VECTORS)
  test(`a request that ${what}: ${reason ?? 'granted'}`, () => {
    const answer = ask(createBudgeted(), dimensions, requested)
    assert.deepEqual([answer.reason, drawn(answer)], [reason, chains])
    assert.equal(answer.isGranted, reason === null)
  })

test('usage counts once at every level, and in a scope only if it names it', () => {
  const state = createBudgeted()
  use(state, 5, { userId: 'ann' })
  const chain = 'ann 15/30 → team-eng 145/200 → team-eng[gpt-4o] 45/50 → org-acme 405/1000'
  assert.deepEqual(drawn(ask(state, both, 0)), [chain])
})

test('usage beyond a budget counts', () => {
  const state = createBudgeted()
  use(state, 6, both)
  assert.match(drawn(ask(state, both, 1))?.[0] ?? '', /team-eng\[gpt-4o\] 51\/50!/)
})

test('an exhausted root denies every entity below it, and no other', () => {
  for (const dimensions of [{ userId: 'ann' }, both])
    for (const requested of [1, 5]) {
      const state = createBudgeted()
      use(state, 600, { orgId: 'org-acme' })
      const answer = ask(state, dimensions, requested)
      assert.equal(answer.reason, 'BudgetExceeded')
      const blocking = answer.chains?.flat().filter(({ isGranted }) => !isGranted)
      assert.deepEqual(
        blocking?.map(({ entityId }) => entityId),
        ['org-acme'],
      )
    }
  const state = createBudgeted()
  use(state, 600, { orgId: 'org-acme' })
  assert.equal(ask(state, { userId: 'zoe' }, 5).reason, null)
})

test('children may have larger budgets than their parent, and stop when its budget is used up', () => {
  const state = createAcme()
  const agents = ['drafter', 'reviewer'].map((id) => ({ id, entityTypeId: 'user' }))
  done(upsertEntities(state, 'acme', agents))
  const parentId = 'team-eng'
  const rows = [
    budget('team-eng', 8),
    budget('drafter', 3, { parentId }),
    budget('reviewer', 10, { parentId }),
  ]
  done(assign(state, rows))
  const steps = (userId: string): number => {
    let count = 0
    while (ask(state, { userId }).isGranted) {
      use(state, 1, { userId })
      count += 1
    }
    return count
  }
  assert.deepEqual([steps('drafter'), steps('reviewer')], [3, 5])
})

/** A case: the state, the dimensions, the requested usage, and the result. */
type Case = {
  state: () => State
  dimensions?: Dimensions
  requested?: number
  reason?: string
  chains: string[] | null
}

const archive = (state: State, id: string): State => {
  done(setArchived(state, { customerId: 'acme', ids: [id], to: true }))
  return state
}

const withBudgets = (...rows: Parameters<typeof assign>[1]): State => {
  const state = createAcme()
  done(assign(state, rows))
  return state
}

const withKeys = (keys: Record<string, string[]>): State => {
  const state = withBudgets(budget('ann', 30), budget('team-eng', 40))
  upsertTypes(
    state,
    Object.entries(keys).map(([id, attributionKeys]) => ({ id, attributionKeys })),
  )
  return state
}

const onlyParent = () =>
  withBudgets(
    budget('team-eng', 10),
    budget('ann', 1, { parentId: 'team-eng', scopeEntityIds: ['gpt-4o'] }),
  )

const CASES: Readonly<Record<string, Case>> = {
  'no dimensions: no chains': { state: createBudgeted, chains: null },
  'dimensions that name nobody': { state: createBudgeted, dimensions: {}, chains: [] },
  'an unknown key': { state: createBudgeted, dimensions: { agentId: 'ann' }, chains: [] },
  'an unknown entity': { state: createBudgeted, dimensions: { userId: 'nobody' }, chains: [] },
  'an entity of another type': { state: createBudgeted, dimensions: { teamId: 'ann' }, chains: [] },
  'no budget of its own, one above': {
    state: onlyParent,
    dimensions: { userId: 'ann' },
    requested: 11,
    reason: 'BudgetExceeded',
    chains: ['ann 0/∞ → team-eng 0/10!'],
  },
  'no budgets at all': { state: createAcme, dimensions: both, chains: [] },
  'a budget without a limit': {
    state: () => {
      const state = withBudgets(budget('ann', null))
      use(state, 7, { userId: 'ann' })
      return state
    },
    dimensions: { userId: 'ann' },
    requested: 100,
    chains: ['ann 7/∞'],
  },
  'a limit of 0, for one': {
    state: () => withBudgets(budget('ann', 0)),
    dimensions: { userId: 'ann' },
    reason: 'BudgetExceeded',
    chains: ['ann 0/0!'],
  },
  'a limit of 0, for nothing': {
    state: () => withBudgets(budget('ann', 0)),
    dimensions: { userId: 'ann' },
    requested: 0,
    reason: 'BudgetExceeded',
    chains: ['ann 0/0!'],
  },
  'an archived entity': {
    state: () => archive(createBudgeted(), 'ann'),
    dimensions: { userId: 'ann' },
    requested: 50,
    chains: [`${TEAM} → ${ORG}`],
  },
  'an archived entity, beyond what is above it': {
    state: () => archive(createBudgeted(), 'ann'),
    dimensions: { userId: 'ann' },
    requested: 61,
    reason: 'BudgetExceeded',
    chains: [`${TEAM}! → ${ORG}`],
  },
  'a scope with an archived entity': {
    state: () => archive(createBudgeted(), 'gpt-4o'),
    dimensions: both,
    requested: 6,
    reason: 'BudgetExceeded',
    chains: [`ann 10/30 → ${TEAM} → team-eng[gpt-4o] 45/50! → ${ORG}`],
  },
  'an archived entity between': {
    state: () => archive(createBudgeted(), 'team-eng'),
    dimensions: both,
    requested: 20,
    chains: ['ann 10/30 → org-acme 400/1000'],
  },
  'a team and its org': {
    state: createBudgeted,
    dimensions: { teamId: 'team-eng', orgId: 'org-acme' },
    chains: [`${TEAM} → ${ORG}`, ORG],
  },
  'two keys of one type, one entity': {
    state: () => withKeys({ user: ['userId', 'actorId'] }),
    dimensions: { userId: 'ann', actorId: 'ann' },
    chains: ['ann 0/30'],
  },
  'two keys of one type, two entities': {
    state: () => withKeys({ team: ['userId', 'teamId'], user: ['userId', 'teamId'] }),
    dimensions: { teamId: 'ann', userId: 'team-eng' },
    chains: ['ann 0/30', 'team-eng 0/40'],
  },
  'one key of two types': {
    state: () => withKeys({ team: ['ownerId'], user: ['ownerId'] }),
    dimensions: { ownerId: 'ann' },
    chains: ['ann 0/30'],
  },
  'budgets bind an unlimited entitlement too': {
    state: () => {
      const state = createBudgeted()
      for (const grant of customerOf(state).grants) grant.unlimited = true
      return state
    },
    dimensions: { userId: 'ann' },
    requested: 21,
    reason: 'BudgetExceeded',
    chains: [`ann 10/30! → ${TEAM} → ${ORG}`],
  },
  'the reason of the customer comes first, and the chains are told all the same': {
    state: () => {
      const state = createBudgeted()
      grantTokens(state, 410)
      return state
    },
    dimensions: { userId: 'ann' },
    requested: 21,
    reason: 'RequestedUsageExceedingLimit',
    chains: [`ann 10/30! → ${TEAM} → ${ORG}`],
  },
}

for (const [what, { state, dimensions, requested, reason, chains }] of Object.entries(CASES))
  test(what, () => {
    const answer = ask(state(), dimensions, requested)
    assert.deepEqual([answer.reason, drawn(answer)], [reason ?? null, chains])
  })

test('naming a team and its org counts usage of the org once', () => {
  const state = createBudgeted()
  use(state, 1, { teamId: 'team-eng', orgId: 'org-acme' })
  const chains = ['team-eng 141/200 → org-acme 401/1000', 'org-acme 401/1000']
  assert.deepEqual(drawn(ask(state, { teamId: 'team-eng', orgId: 'org-acme' })), chains)
})

test('a check of credits needs no subscription and is denied for lack of credits, beside the budgets', () => {
  const state = createAcme()
  const { cadence, entityId } = budget('ann', 0)
  done(assign(state, [{ entityId, currencyId: 'gold', usageLimit: 0, cadence }]))
  const input = { customerId: 'acme', currencyId: 'gold', dimensions: { userId: 'ann' } }
  const answer = done(check(state, input, CREATED))
  assert.deepEqual([answer.reason, drawn(answer)], ['InsufficientCredits', ['ann 0/0!']])
})

test('a denial that no budget can change has no chains', () => {
  const state = createBudgeted()
  state.features.set('sso', { id: 'sso', type: 'BOOLEAN', meterType: 'None', meter: null })
  const times = { startsAt: CREATED, endsAt: null, reset: null }
  const kind = { limit: null, unlimited: false, soft: false }
  customerOf(state).grants.push({ featureId: 'sso', ...kind, ...times })
  const asked = (input: object) =>
    done(check(state, { customerId: 'acme', dimensions: both, ...input }, CREATED))
  const rows: [object, string][] = [
    [{ customerId: 'nobody', featureId: FEATURE }, 'CustomerNotFound'],
    [{ featureId: FEATURE, resourceId: 'site' }, 'CustomerResourceNotFound'],
    [{ featureId: 'nothing' }, 'FeatureNotFound'],
    [{ featureId: 'sso', requestedUsage: 1 }, 'FeatureTypeMismatch'],
  ]
  for (const [input, reason] of rows)
    assert.deepEqual([asked(input).reason, asked(input).chains], [reason, []])
  customerOf(state).grants = []
  assert.equal(asked({ featureId: FEATURE }).reason, 'NoActiveSubscription')
  customerOf(state).archived = true
  assert.equal(asked({ featureId: FEATURE }).reason, 'CustomerIsArchived')
})

test('an unknown dimension is denied after the limit and before budgets, if the setting says so', () => {
  const state = createBudgeted()
  const strange = { userId: 'ann', modelId: 'unheard-of', region: 'eu' }
  const reasonOf = (requested: number) => {
    const { reason, chains, unresolved } = ask(state, strange, requested)
    return [reason, chains?.length, unresolved]
  }
  assert.deepEqual(reasonOf(21), ['BudgetExceeded', 1, ['modelId']])
  state.unknownDimensions = 'deny'
  assert.deepEqual(reasonOf(1), ['EntitlementNotFound', 0, ['modelId']])
  assert.deepEqual(reasonOf(21), ['EntitlementNotFound', 0, ['modelId']])
  assert.deepEqual(reasonOf(9_999), ['RequestedUsageExceedingLimit', 1, ['modelId']])
  assert.equal(ask(state, { userId: 'ann', region: 'eu' }, 1).reason, null)
})
