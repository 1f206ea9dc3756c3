import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { newPackage, packagesIn, params, publication } from '../../../test/support/packages.ts'
import { openWorld } from '../../../test/support/world.ts'

const world = await openWorld()
const environments = environmentsIn(world)
const { tenant } = environments
const {
  assertRefused,
  createAddon,
  createPlan,
  getPlan,
  publishAddon,
  publishPlan,
  updateAddon,
  updatePlan,
  withProducts,
} = packagesIn(environments)

test('inheritance stays in the product, without a cycle, and is not too deep', async () => {
  await withProducts()
  await createPlan('p0')
  for (let depth = 1; depth <= 10; depth += 1)
    await createPlan(`p${depth}`, { parentPlanId: `p${depth - 1}` })
  await createPlan('foreign', { productId: 'other' })
  await createAddon('seats')
  await createPlan('gone')
  await publishPlan('gone')
  await tenant().ok('v1.plans.archive', params('gone'))
  const deep = newPackage('p11', { parentPlanId: 'p10' }).body
  const circular = 'PlansCircularDependencyError'
  await assertRefused([
    ['v1.plans.update', 'p0', { parentPlanId: 'p0' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'p1' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'p10' }, 400, circular],
    ['v1.plans.update', 'p0', { parentPlanId: 'foreign' }, 404, 'PlanNotFound'],
    ['v1.plans.update', 'p0', { parentPlanId: 'seats' }, 404, 'PlanNotFound'],
    ['v1.plans.update', 'p0', { parentPlanId: 'gone' }, 400, 'EntityIsArchivedError'],
    ['v1.plans.create', '', deep, 400, 'InvalidArgumentError'],
    ['v1.plans.publish', 'p1', publication.body, 400, 'PlanCannotBePublishWhenBasePlanIsDraft'],
  ])
  await publishPlan('p0')
  await publishPlan('p1')
  await assertRefused([['v1.plans.archive', 'p0', null, 400, 'PlanWithChildCantBeDeleted']])
  // The published version still inherits from p0, so that p0 cannot inherit from the draft.
  await tenant().ok('v1.plans.createDraft', params('p1'))
  assert.equal((await updatePlan('p1', { parentPlanId: null })).parentPlanId, null)
  await tenant().ok('v1.plans.createDraft', params('p0'))
  await assertRefused([['v1.plans.update', 'p0', { parentPlanId: 'p1' }, 400, circular]])
  await publishPlan('p1')
  assert.equal((await updatePlan('p0', { parentPlanId: 'p1' })).parentPlanId, 'p1')
})

test('compatible add-ons fit the product and the price of their plan', async () => {
  await withProducts()
  await createPlan('pro')
  await createPlan('free', { pricingType: 'FREE' })
  await createPlan('custom', { pricingType: 'CUSTOM' })
  await createAddon('seats')
  await createAddon('deal', { pricingType: 'CUSTOM' })
  await createAddon('foreign', { productId: 'other' })
  const named = (...ids: string[]) => ({ compatibleAddonIds: ids })
  assert.deepEqual((await updatePlan('pro', named('seats'))).compatibleAddonIds, ['seats'])
  assert.deepEqual((await updatePlan('custom', named('deal', 'seats'))).compatibleAddonIds, [
    'deal',
    'seats',
  ])
  const draft = 'PlanCannotBePublishWhenCompatibleAddonIsDraft'
  await assertRefused([
    ['v1.plans.update', 'pro', named('seats', 'seats'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'pro', named('deal'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'free', named('seats'), 400, 'InvalidArgumentError'],
    ['v1.plans.update', 'pro', named('no'), 404, 'AddonsNotFound'],
    ['v1.plans.update', 'pro', named('custom'), 404, 'AddonsNotFound'],
    ['v1.plans.update', 'pro', named('foreign'), 404, 'AddonsNotFound'],
    ['v1.plans.publish', 'pro', publication.body, 400, draft],
  ])
  await publishAddon('seats')
  await publishPlan('pro')
  await assertRefused([['v1.addons.archive', 'seats', null, 400, 'AddonIsCompatibleWithPlan']])
  await updatePlan('free', named())
  assert.deepEqual((await getPlan('free')).compatibleAddonIds, [])
  assert.equal((await updatePlan('free', { compatibleAddonIds: null })).compatibleAddonIds, null)
})

test('dependencies stay in the product, without a cycle', async () => {
  await withProducts()
  for (const id of ['a', 'b', 'c']) await createAddon(id)
  await createAddon('foreign', { productId: 'other' })
  await createAddon('gone')
  await publishAddon('gone')
  await tenant().ok('v1.addons.archive', params('gone'))
  const needs = (...ids: string[]) => ({ dependencies: ids })
  await updateAddon('b', needs('a'))
  assert.deepEqual((await updateAddon('c', needs('b', 'a'))).dependencies, ['b', 'a'])
  await assertRefused([
    ['v1.addons.update', 'a', needs('a'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('c'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('b', 'b'), 400, 'InvalidArgumentError'],
    ['v1.addons.update', 'a', needs('no'), 404, 'AddonsNotFound'],
    ['v1.addons.update', 'a', needs('foreign'), 404, 'AddonsNotFound'],
    ['v1.addons.update', 'a', needs('gone'), 400, 'EntityIsArchivedError'],
    ['v1.addons.update', 'a', { status: 'PUBLISHED' }, 400, 'InvalidArgumentError'],
  ])
  await assertRefused([['v1.addons.publish', 'b', publication.body, 400, 'UnPublishedPackage']])
  for (const id of ['a', 'b']) await publishAddon(id)
  await assertRefused([['v1.addons.archive', 'a', null, 400, 'IntegrityViolation']])
  assert.deepEqual((await updateAddon('c', { dependencies: null })).dependencies, [])
  assert.equal((await tenant().ok('v1.addons.archive', params('b'))).data.status, 'ARCHIVED')
})
