import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from '../../../test/support/contract-client.ts'
import { newPackage, params, publication } from '../../../test/support/packages.ts'
import { openWorld, type Tenant } from '../../../test/support/world.ts'
import type { OperationId } from '../../api.gen.ts'

const world = await openWorld()
/** Another server on the same database. Only the lock of the catalog serializes both. */
const other = await openWorld()

const ROUNDS = 6

type Step = readonly [OperationId, Request]

const createPlan = (id: string, body: object = {}): Step => [
  'v1.plans.create',
  newPackage(id, body),
]
const createAddon = (id: string): Step => ['v1.addons.create', newPackage(id)]
const updatePlan = (id: string, body: object): Step => ['v1.plans.update', { ...params(id), body }]
const updateAddon = (id: string, body: object): Step => [
  'v1.addons.update',
  { ...params(id), body },
]
const onPlan = (verb: 'archive' | 'createDraft' | 'removeDraft', id: string): Step => [
  `v1.plans.${verb}`,
  params(id),
]
const publish = (id: string): Step => ['v1.plans.publish', { ...params(id), ...publication }]
const archiveProduct: Step = ['v1.products.archiveProduct', params('app')]
const startWith = (id: string): Step => [
  'v1.products.updateProduct',
  {
    ...params('app'),
    body: {
      productSettings: {
        subscriptionStartSetup: 'FREE_PLAN',
        subscriptionStartPlanId: id,
        subscriptionEndSetup: 'CANCEL_SUBSCRIPTION',
        subscriptionCancellationTime: 'IMMEDIATE',
      },
    },
  },
]

/** What was there, and two requests of which only one can succeed. */
const rivals: [name: string, before: readonly Step[], one: Step, two: Step][] = [
  [
    'two plans that would inherit from each other',
    [createPlan('a'), createPlan('b')],
    updatePlan('a', { parentPlanId: 'b' }),
    updatePlan('b', { parentPlanId: 'a' }),
  ],
  [
    'two add-ons that would need each other',
    [createAddon('a'), createAddon('b')],
    updateAddon('a', { dependencies: ['b'] }),
    updateAddon('b', { dependencies: ['a'] }),
  ],
  [
    'the archive of a plan and a new plan that inherits from it',
    [createPlan('a'), publish('a')],
    onPlan('archive', 'a'),
    createPlan('b', { parentPlanId: 'a' }),
  ],
  [
    'the removal of a plan and a plan that would inherit from it',
    [createPlan('a'), createPlan('b')],
    onPlan('removeDraft', 'a'),
    updatePlan('b', { parentPlanId: 'a' }),
  ],
  [
    'the removal of an add-on and a plan that would be compatible with it',
    [createAddon('a'), createPlan('b')],
    ['v1.addons.removeDraft', params('a')],
    updatePlan('b', { compatibleAddonIds: ['a'] }),
  ],
  [
    'the archive of a plan and settings that name it',
    [createPlan('a'), publish('a')],
    onPlan('archive', 'a'),
    startWith('a'),
  ],
  ['a new plan and a new add-on with one id', [], createPlan('a'), createAddon('a')],
  [
    'two drafts of one plan',
    [createPlan('a'), publish('a')],
    onPlan('createDraft', 'a'),
    onPlan('createDraft', 'a'),
  ],
  [
    'a publication of a draft and its removal',
    [createPlan('a'), publish('a'), onPlan('createDraft', 'a')],
    publish('a'),
    onPlan('removeDraft', 'a'),
  ],
  [
    'the archive of a plan and a draft of it',
    [createPlan('a'), publish('a')],
    onPlan('archive', 'a'),
    onPlan('createDraft', 'a'),
  ],
]

async function furnished(before: readonly Step[]): Promise<Tenant> {
  const tenant = await world.tenant()
  await tenant.ok('v1.products.createProduct', { body: { id: 'app', displayName: 'App' } })
  for (const [id, request] of before) await tenant.ok(id, request)
  return tenant
}

/** Sends two requests at once to two servers. Returns their statuses, the lower one first. */
async function race(tenant: Tenant, one: Step, two: Step): Promise<number[]> {
  const answers = await Promise.all([tenant.call(...one), tenant.through(other).call(...two)])
  return answers.map(({ status }) => status).toSorted((a, b) => a - b)
}

for (const [name, before, one, two] of rivals)
  test(`on two servers, one of these succeeds: ${name}`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const tenant = await furnished(before)
      const [first = 0, second = 0] = await (round % 2 === 0
        ? race(tenant, one, two)
        : race(tenant, two, one))
      assert.ok(first < 300 && second >= 400 && second < 500, `${first} and ${second}`)
    }
  })

test('on two servers, no plan of an archived product is created beside its archive', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const tenant = await furnished([])
    const statuses = await race(tenant, archiveProduct, createPlan('a'))
    assert.ok([201, 400].includes(statuses[1] ?? 0), statuses.join())
    const { data } = await tenant.ok('v1.plans.list')
    assert.deepEqual(
      new Set(data.map(({ status }) => status)),
      new Set(data.length > 0 ? ['ARCHIVED'] : []),
    )
  }
})
