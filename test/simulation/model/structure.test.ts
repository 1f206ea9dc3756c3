import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAcme, customerOf, done, FEATURE } from './acme.ts'
import { assign, budget, codes } from './acme-calls.ts'
import type { State } from './state.ts'
import { type BudgetInput, setArchived, upsertEntities } from './structure.ts'

/** Creates a customer with users of these names and no budgets. */
function withUsers(...ids: string[]): State {
  const state = createAcme()
  const entities = ids.map((id) => ({ id, entityTypeId: 'user' }))
  done(upsertEntities(state, 'acme', entities))
  return state
}

const at = (entityId: string, parentId?: string | null): BudgetInput => ({
  entityId,
  featureId: FEATURE,
  usageLimit: 1,
  cadence: 'P1D',
  ...(parentId !== undefined && { parentId }),
})

const parents = (state: State, ...ids: string[]) =>
  ids.map((id) => customerOf(state).entities.get(id)?.parentId)

const archive = (state: State, id: string) =>
  done(setArchived(state, { customerId: 'acme', ids: [id], to: true }))

test('a row without a parent keeps the position of the entity', () => {
  const state = withUsers('a', 'b')
  done(assign(state, [at('a'), at('b', 'a')]))
  done(assign(state, [at('b')]))
  assert.deepEqual(parents(state, 'a', 'b'), [null, 'a'])
  done(assign(state, [at('b', null)]))
  assert.deepEqual(parents(state, 'b'), [null])
})

test('an entity with active descendants cannot move until they have moved', () => {
  const state = withUsers('a', 'b', 'c')
  done(assign(state, [at('a'), at('b', 'a'), at('c', 'b')]))
  assert.deepEqual(codes(assign(state, [at('b', null)])), ['BadUserInput'])
  done(assign(state, [at('b', 'a')]))
  assert.deepEqual(codes(assign(state, [at('b', null), at('c', null)])), ['BadUserInput'])
  assert.deepEqual(parents(state, 'b', 'c'), ['a', 'b'])
  done(assign(state, [at('c', null), at('b', null)]))
  assert.deepEqual(parents(state, 'b', 'c'), [null, null])
})

test('an active entity below an archived one prevents the moves of entities above', () => {
  const state = withUsers('a', 'b', 'c')
  done(assign(state, [at('a'), at('b', 'a'), at('c', 'b')]))
  archive(state, 'b')
  assert.deepEqual(codes(assign(state, [at('a', 'gpt-4o')])), ['BadUserInput'])
  archive(state, 'c')
  done(assign(state, [at('a', 'gpt-4o')]))
})

test('entities without a position can be placed in any order of the rows', () => {
  const state = withUsers('a', 'b', 'c')
  done(assign(state, [at('c', 'b'), at('b', 'a'), at('a')]))
  assert.deepEqual(parents(state, 'a', 'b', 'c'), [null, 'a', 'b'])
})

test('a tree has at most four levels, including archived entities', () => {
  const state = withUsers('a', 'b', 'c', 'd', 'e')
  const rows = [at('a'), at('b', 'a'), at('c', 'b'), at('d', 'c')]
  done(assign(state, rows))
  assert.deepEqual(codes(assign(state, [at('e', 'd')])), ['BadUserInput'])
  archive(state, 'b')
  assert.deepEqual(codes(assign(state, [at('e', 'd')])), ['BadUserInput'])
})

test('a tree has no cycle', () => {
  const state = withUsers('a', 'b')
  for (const rows of [[at('a', 'a')], [at('a', 'b'), at('b', 'a')]])
    assert.deepEqual(codes(assign(state, rows)), ['BadUserInput'])
  assert.deepEqual(parents(state, 'a', 'b'), [null, null])
})

/** Rows that are refused, with the code. */
const REFUSED: Readonly<Record<string, [BudgetInput[], string]>> = {
  'a new budget without a limit': [
    [{ entityId: 'ann', featureId: FEATURE, cadence: 'P1D' }],
    'BadUserInput',
  ],
  'a new budget without a cadence': [
    [{ entityId: 'ann', featureId: FEATURE, usageLimit: 1 }],
    'BadUserInput',
  ],
  'a negative limit': [[budget('ann', -1)], 'BadUserInput'],
  'no capability': [[{ entityId: 'ann', usageLimit: 1, cadence: 'P1D' }], 'BadUserInput'],
  'two capabilities': [[budget('ann', 1, { currencyId: 'gold' })], 'BadUserInput'],
  'an unknown entity': [[budget('nobody', 1)], 'BadUserInput'],
  'an unknown parent': [[budget('ann', 1, { parentId: 'nobody' })], 'BadUserInput'],
  'an unknown scope': [[budget('ann', 1, { scopeEntityIds: ['nobody'] })], 'BadUserInput'],
  'an unknown feature': [[budget('ann', 1, { featureId: 'nothing' })], 'FeatureNotFound'],
  'a repeated budget': [
    [
      budget('ann', 1, { scopeEntityIds: ['gpt-4o', 'team-eng'] }),
      budget('ann', 2, { scopeEntityIds: ['team-eng', 'gpt-4o', 'team-eng'] }),
    ],
    'BadUserInput',
  ],
  'two parents of one entity': [
    [
      budget('ann', 1, { parentId: 'team-eng' }),
      budget('ann', 1, { parentId: null, scopeEntityIds: ['gpt-4o'] }),
    ],
    'BadUserInput',
  ],
}

for (const [what, [rows, code]] of Object.entries(REFUSED))
  test(`${what} is refused`, () => {
    const state = createAcme()
    assert.deepEqual(codes(assign(state, [budget('org-acme', 1), ...rows])), [code])
    assert.deepEqual(customerOf(state).budgets, [])
  })

test('an archived entity may stay in existing references, but not be in new ones', () => {
  const state = createAcme()
  const row = budget('ann', 1, { parentId: 'team-eng', scopeEntityIds: ['gpt-4o'] })
  done(assign(state, [row]))
  for (const id of ['ann', 'team-eng', 'gpt-4o']) archive(state, id)
  done(assign(state, [{ ...row, usageLimit: 2 }]))
  for (const anew of [
    budget('ann', 1),
    budget('org-acme', 1, { parentId: 'team-eng' }),
    budget('org-acme', 1, { scopeEntityIds: ['gpt-4o'] }),
  ])
    assert.deepEqual(codes(assign(state, [anew])), ['EntityIsArchivedError'])
})
