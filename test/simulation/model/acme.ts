import { wholeUnits } from '../../../src/kernel/quantity.ts'
import { createCustomer, createState, type Outcome, type State } from './state.ts'
import { upsertEntities, upsertTypes } from './structure.ts'

export const CREATED = Date.parse('2026-05-18T10:07:42Z')
export const FEATURE = 'ai-tokens'

export function done<T>(outcome: Outcome<T>): T {
  if ('done' in outcome) return outcome.done
  throw new Error(JSON.stringify(outcome.refused))
}

/** Creates a customer that may use 10,000 tokens: an org, a team, a user, a model, no budgets. */
export function createAcme(): State {
  const state = createState()
  const customer = createCustomer('acme')
  state.customers.set(customer.id, customer)
  state.currencies.add('gold')
  state.features.set(FEATURE, {
    id: FEATURE,
    type: 'NUMBER',
    meterType: 'INCREMENTAL',
    meter: null,
  })
  grantTokens(state, 10_000)
  const types = ['org', 'team', 'user', 'model']
  upsertTypes(
    state,
    types.map((id) => ({ id, attributionKeys: [`${id}Id`] })),
  )
  const entities = { 'org-acme': 'org', 'team-eng': 'team', ann: 'user', 'gpt-4o': 'model' }
  const inputs = Object.entries(entities).map(([id, entityTypeId]) => ({ id, entityTypeId }))
  done(upsertEntities(state, 'acme', inputs))
  return state
}

export function grantTokens(state: State, limit: number): void {
  const kind = { unlimited: false, soft: false, reset: null }
  const times = { startsAt: CREATED, endsAt: null }
  const grants = [{ featureId: FEATURE, limit: wholeUnits(limit), ...kind, ...times }]
  customerOf(state).grants = grants
}

export const customerOf = (state: State) => {
  const customer = state.customers.get('acme')
  if (customer === undefined) throw new Error('no customer')
  return customer
}
