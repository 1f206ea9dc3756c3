import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../../test/support/environments.ts'
import {
  credit,
  entitlementsIn,
  feature,
  KINDS,
  limited,
  one,
  requestOf,
} from '../../../../test/support/package-entitlements.ts'
import { newPackage, publication } from '../../../../test/support/packages.ts'
import { NOW, openWorld } from '../../../../test/support/world.ts'
import { type Sql, sql } from '../../../db/index.ts'
import { replacedBy } from '../../../events/what-changed.ts'

const world = await openWorld()
const environments = environmentsIn(world)
const { changes, tenant, later } = environments
const { add, list, open, publish, read, refuses, refusesNew, update } = entitlementsIn(environments)

for (const [name, kind] of Object.entries(KINDS)) {
  test(`one entitlement of the ${name} is listed with the tag that its change requires`, async () => {
    await open(kind)
    await add(kind, limited, credit(), feature('sso'))
    const alone = (id: string) =>
      tenant().call(kind.list, { params: kind.path, query: { draft: 'false', id } })
    const { success, headers } = await alone('calls')
    assert.deepEqual(
      success?.data.map(({ id }) => id),
      ['calls'],
    )
    const change = (usageLimit: number) => ({
      ...one(kind, 'calls'),
      headers: { 'if-match': String(headers.etag) },
      body: { type: 'FEATURE', usageLimit },
    })
    await tenant().ok(kind.update, change(11))
    await tenant().refused(kind.update, change(12), { status: 412, code: null })
    assert.deepEqual((await alone('unknown')).success?.data, [])
    const { headers: ofAll } = await tenant().call(kind.list, { params: kind.path })
    assert.equal(ofAll.etag, undefined)
  })

  test(`the entitlements of a draft of the ${name} are added, changed and removed`, async () => {
    await open(kind)
    const [first, second] = await add(
      kind,
      feature('calls', {
        usageLimit: 10,
        resetPeriod: 'MONTH',
        monthlyResetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
        hiddenFromWidgets: ['CHECKOUT', 'PAYWALL'],
        description: 'Calls',
      }),
      credit({ amount: 0.5, dependencyFeatureId: 'seats', order: -1.5, displayNameOverride: 'AI' }),
    )
    const common = { behavior: 'Increment', isGranted: true, isCustom: false }
    assert.deepEqual(first, {
      id: 'calls',
      type: 'FEATURE',
      displayName: 'calls',
      usageLimit: 10,
      hasUnlimitedUsage: false,
      hasSoftLimit: false,
      enumValues: null,
      resetPeriod: 'MONTH',
      resetPeriodConfiguration: { accordingTo: 'StartOfTheMonth' },
      ...common,
      hiddenFromWidgets: ['PAYWALL', 'CHECKOUT'],
      order: 0,
      displayNameOverride: null,
      description: 'Calls',
      createdAt: NOW,
      updatedAt: NOW,
    })
    assert.deepEqual(second, {
      id: 'tokens',
      type: 'CREDIT',
      displayName: 'Tokens',
      amount: 0.5,
      cadence: 'MONTH',
      dependencyFeatureId: 'seats',
      hasSoftLimit: false,
      ...common,
      hiddenFromWidgets: [],
      order: -1.5,
      displayNameOverride: 'AI',
      description: null,
      createdAt: NOW,
      updatedAt: NOW,
    })
    assert.deepEqual(await list(kind), [second, first])
    const [third] = await add(kind, feature('region', { enumValues: ['us', 'eu', 'us'] }))
    assert.deepEqual(third, { ...third, enumValues: ['eu', 'us'], order: 1 })

    later()
    const changed = await update(kind, 'calls', { type: 'FEATURE', hasUnlimitedUsage: true })
    assert.deepEqual(
      { ...changed, updatedAt: NOW },
      { ...first, hasUnlimitedUsage: true, usageLimit: null },
    )
    const body = { type: 'CREDIT', amount: 7, dependencyFeatureId: null, description: '' }
    const credits = await update(kind, 'tokens', body)
    assert.deepEqual(
      { ...credits, updatedAt: NOW },
      { ...second, amount: 7, dependencyFeatureId: null },
    )
    const removed = (await tenant().ok(kind.remove, one(kind, 'calls'))).data
    assert.deepEqual(removed, changed)
    assert.deepEqual(await list(kind), [credits, third])
  })

  test(`changes of a draft of the ${name} are announced, and only changes`, async () => {
    await open(kind)
    const count = (await tenant().announced()).length
    const [added] = await add(kind, limited)
    const [, changed] = [
      await update(kind, 'calls', { type: 'FEATURE', usageLimit: 10 }),
      await update(kind, 'calls', { type: 'FEATURE', usageLimit: 20 }),
    ]
    await tenant().ok(kind.remove, one(kind, 'calls'))
    const announced = (await changes()).slice(count)
    const shown = await read(kind)
    const state = (changed: unknown[], entitlements: object[]) => ({
      ...shown,
      entitlements,
      changedEntitlements: changed,
    })
    const calls = [{ id: 'calls', type: 'FEATURE' }]
    const [none, first, second] = [state([], []), state([added], calls), state([changed], calls)]
    assert.deepEqual(announced, [
      [kind.event, replacedBy(none, first), first],
      [kind.event, replacedBy(first, second), second],
      [kind.event, replacedBy(second, none), none],
    ])
  })

  test(`the ${name} that does not exist is named (${kind.notFound})`, async () => {
    await open(kind)
    const gone = Object.fromEntries(Object.keys(kind.path).map((each) => [each, 'gone']))
    const refusal = { status: 404, code: kind.notFound, message: /gone/ }
    await tenant().refused(kind.list, { params: gone }, refusal)
    await tenant().refused(kind.create, { params: gone, body: { entitlements: [] } }, refusal)
    const params = { ...gone, id: 'calls' }
    await tenant().refused(kind.update, { params, body: { type: 'FEATURE' } }, refusal)
    await tenant().refused(kind.remove, { params }, refusal)
  })

  test(`the ${name} takes only what exists (FeatureNotFound, CustomCurrencyNotFound)`, async () => {
    await open(kind)
    const missing = (code: string, message: RegExp) => ({ status: 404, code, message })
    const unknown = (...entitlements: object[]) => requestOf(kind, [limited, ...entitlements])
    await refuses(kind, 'create', unknown(feature('x')), missing('FeatureNotFound', /x/))
    const other = { ...credit(), id: 'x' }
    await refuses(kind, 'create', unknown(other), missing('CustomCurrencyNotFound', /x/))
    const dependent = credit({ dependencyFeatureId: 'x' })
    await refuses(kind, 'create', unknown(dependent), missing('FeatureNotFound', /x/))
    await add(kind, credit())
    const absent = one(kind, 'calls')
    const asFeature = { ...absent, body: { type: 'FEATURE' } }
    await refuses(kind, 'update', asFeature, missing('FeatureNotFound', /calls/))
    const asCredit = { ...absent, body: { type: 'CREDIT' } }
    await refuses(kind, 'update', asCredit, missing('CustomCurrencyNotFound', /calls/))
    const body = { type: 'CREDIT', dependencyFeatureId: 'x' }
    const change = { ...one(kind, 'tokens'), body }
    await refuses(kind, 'update', change, missing('FeatureNotFound', /x/))
    await refuses(kind, 'remove', absent, missing('FeatureNotFound', /calls/))
  })

  test(`the ${name} has one entitlement of each feature and currency (DuplicatedEntityNotAllowed)`, async () => {
    await open(kind)
    await add(kind, limited, credit())
    for (const entitlements of [
      [feature('sso'), limited],
      [feature('sso'), credit()],
      [feature('sso'), feature('sso')],
    ])
      await refuses(kind, 'create', requestOf(kind, entitlements), {
        status: 409,
        code: 'DuplicatedEntityNotAllowed',
      })
  })

  test(`the ${name} without a draft keeps its entitlements (EditAllowedOnDraftPackageOnlyError)`, async () => {
    await open(kind)
    await add(kind, limited)
    await publish(kind)
    const code = 'EditAllowedOnDraftPackageOnlyError'
    await refuses(kind, 'create', requestOf(kind, [feature('sso')]), { code })
    const body = { type: 'FEATURE', usageLimit: 20 }
    await refuses(kind, 'update', { ...one(kind, 'calls'), body }, { code })
    await refuses(kind, 'remove', one(kind, 'calls'), { code })
    const refusal = { status: 404, code: 'NoDraftOfferFound' }
    await tenant().refused(kind.list, { params: kind.path, query: { draft: 'true' } }, refusal)
  })

  test(`the ${name} takes nothing that is archived (EntityIsArchivedError)`, async () => {
    await open(kind)
    await add(kind, credit())
    await tenant().ok('v1.features.archiveFeature', { params: { id: 'seats' } })
    const code = 'EntityIsArchivedError'
    await refusesNew(
      kind,
      [feature('seats', { usageLimit: 1 })],
      code,
      /entitlements\[0\] \(seats\)/,
    )
    const body = { type: 'CREDIT', dependencyFeatureId: 'seats' }
    await refuses(kind, 'update', { ...one(kind, 'tokens'), body }, { code, message: /seats/ })
    const currencyId = 'spare'
    const spare = { id: currencyId, displayName: 'Spare' }
    await tenant().ok('v1.credits.customCurrencies.create', { body: spare })
    await tenant().ok('v1.credits.customCurrencies.archive', { params: { currencyId } })
    await refusesNew(kind, [credit({ id: 'spare' })], code, /spare/)
  })

  test(`the ${name} gives what fits its features (UnsupportedFeatureType, InvalidEntitlementResetPeriod, InvalidArgumentError)`, async () => {
    await open(kind)
    await add(kind, limited, credit())
    const reset = 'InvalidEntitlementResetPeriod'
    await refusesNew(kind, [feature('sso', { usageLimit: 1 })], 'UnsupportedFeatureType')
    await refusesNew(kind, [feature('seats', { usageLimit: 1, resetPeriod: 'DAY' })], reset)
    await refusesNew(kind, [feature('seats')], 'InvalidArgumentError', /usageLimit/)
    await refusesNew(kind, [feature('region', { enumValues: ['mars'] })], 'InvalidArgumentError')
    const custom = feature('seats', { isCustom: true })
    await refusesNew(kind, [custom], 'InvalidArgumentError', /CUSTOM/)
    const long = { description: 'x'.repeat(255) }
    const change = (body: object, id = 'calls') => ({ ...one(kind, id), body })
    const asFeature = (parts: object) => change({ type: 'FEATURE', ...parts })
    await refuses(kind, 'update', asFeature({ enumValues: ['eu'] }), {
      code: 'UnsupportedFeatureType',
    })
    const weekly = { weeklyResetPeriodConfiguration: { accordingTo: 'EveryMonday' } }
    await refuses(kind, 'update', asFeature(weekly), { code: reset })
    await refuses(kind, 'update', asFeature({ usageLimit: null }), { code: 'InvalidArgumentError' })
    const other = { code: 'BadUserInput', message: /type of the entitlement is/ }
    await refuses(kind, 'update', change({ type: 'CREDIT' }), other)
    await refuses(kind, 'update', change({ type: 'FEATURE' }, 'tokens'), other)
    assert.equal(
      (await update(kind, 'calls', { type: 'FEATURE', ...long })).description?.length,
      255,
    )
  })

  test(`a feature and a currency with one id are two entitlements of the ${name}`, async () => {
    await open(kind)
    const same = { id: 'calls', displayName: 'Calls' }
    await tenant().ok('v1.credits.customCurrencies.create', { body: same })
    await add(kind, limited, credit({ id: 'calls' }))
    assert.equal((await update(kind, 'calls', { type: 'CREDIT', amount: 5 })).type, 'CREDIT')
    const removed = async () => (await tenant().ok(kind.remove, one(kind, 'calls'))).data.type
    assert.deepEqual([await removed(), await removed()], ['FEATURE', 'CREDIT'])
  })

  test(`what the ${name} gives cannot be archived or lose its values`, async () => {
    await open(kind)
    await add(kind, feature('region', { enumValues: ['us'] }))
    await add(kind, credit({ dependencyFeatureId: 'seats' }))
    const use = [{ id: kind.id, displayName: kind.id, type: kind.type }]
    const verify = async () => {
      for (const id of ['region', 'seats'])
        await tenant().refused(
          'v1.features.archiveFeature',
          { params: { id } },
          { status: 400, code: 'CannotArchiveFeatureError', message: new RegExp(kind.id) },
        )
      const params = { currencyId: 'tokens' }
      await tenant().refused(
        'v1.credits.customCurrencies.archive',
        { params },
        { status: 400, code: 'IntegrityViolation', message: new RegExp(kind.id) },
      )
      const associated = 'v1.credits.customCurrencies.listAssociatedEntities'
      assert.deepEqual((await tenant().ok(associated, { params })).data, use)
      const enumConfiguration = [{ value: 'eu', displayName: 'eu' }]
      await tenant().refused(
        'v1.features.updateFeature',
        { params: { id: 'region' }, body: { enumConfiguration } },
        { status: 400, code: 'InvalidArgumentError', message: /us/ },
      )
    }
    await verify()
    await publish(kind)
    await verify()
    await tenant().ok('v1.features.archiveFeature', { params: { id: 'calls' } })
  })
}

test('only an add-on overrides (CannotAddOverrideEntitlementToPlan)', async () => {
  const override = feature('calls', { usageLimit: 5, behavior: 'Override' })
  await open(KINDS['add-on'])
  assert.equal((await add(KINDS['add-on'], override))[0]?.behavior, 'Override')
  await open(KINDS.plan)
  const code = 'CannotAddOverrideEntitlementToPlan'
  await refusesNew(KINDS.plan, [override], code)
  await add(KINDS.plan, limited)
  const change = { ...one(KINDS.plan, 'calls'), body: { type: 'FEATURE', behavior: 'Override' } }
  await refuses(KINDS.plan, 'update', change, { code })
})

test('a CUSTOM plan leaves amounts to its subscriptions', async () => {
  await open(KINDS.plan, 'CUSTOM')
  const custom = { isCustom: true }
  const [calls, tokens] = await add(
    KINDS.plan,
    feature('calls', custom),
    credit({ ...custom, amount: null }),
  )
  assert.deepEqual([calls?.isCustom, tokens?.isCustom], [true, true])
})

test('a list contains what is inherited, or replaced, if it is asked for', async () => {
  const plan = KINDS.plan
  await open(plan)
  const shown = async (query: Record<string, string>) =>
    (await list(plan, query)).map((row) => [row.id, row.type, row.inheritedFrom])
  const create = async (id: string, parentPlanId: string | null, entitlements: object[]) => {
    await tenant().ok('v1.plans.create', newPackage(id, { parentPlanId }))
    const body = { entitlements }
    await tenant().ok('v1.plans.entitlements.create', { params: { planId: id }, body })
  }
  await create('basic', null, [
    limited,
    feature('sso'),
    credit(),
    feature('seats', { usageLimit: 2 }),
  ])
  await create('plus', 'basic', [
    feature('calls', { usageLimit: 20 }),
    feature('sso', { isGranted: false }),
  ])
  await tenant().ok('v1.plans.update', { params: { id: plan.id }, body: { parentPlanId: 'plus' } })
  await add(plan, feature('calls', { usageLimit: 30 }))
  const own = ['calls', 'FEATURE', undefined]
  assert.deepEqual(await shown({}), [own])
  assert.deepEqual(await shown({ inherited: 'false' }), [own])
  const all = [
    own,
    ['calls', 'FEATURE', 'plus'],
    ['tokens', 'CREDIT', 'basic'],
    ['seats', 'FEATURE', 'basic'],
  ]
  assert.deepEqual(await shown({ inherited: 'true' }), all)
  assert.deepEqual(await shown({ inherited: 'true', draft: 'true' }), all)
  assert.deepEqual(await shown({ inherited: 'true', id: 'seats' }), all.slice(3))
  // A published plan gives what its latest version says, whatever its draft says.
  for (const id of ['basic', 'plus'])
    await tenant().ok('v1.plans.publish', { params: { id }, ...publication })
  await tenant().ok('v1.plans.createDraft', { params: { id: 'plus' } })
  await tenant().ok('v1.plans.update', { params: { id: 'plus' }, body: { parentPlanId: null } })
  assert.deepEqual(await shown({ inherited: 'true' }), all)
})

test('malformed entitlements are refused, and the field is named', async () => {
  await open(KINDS.plan)
  for (const [entitlement, message] of [
    [{ id: 'calls' }, /entitlements/],
    [feature('calls', { usageLimit: 1.5 }), /entitlements/],
    [feature('calls', { usageLimit: -1 }), /entitlements/],
    [credit({ amount: -1 }), /entitlements/],
    [credit({ cadence: 'DAY' }), /entitlements/],
    [credit({ amount: 0.12345678901234566 }), /entitlements\[0\]\.amount/],
    [feature('calls', { amount: 1 }), /entitlements/],
  ] as const)
    await refusesNew(KINDS.plan, [entitlement], 'BadUserInput', message)
})

test('the rows of a published version cannot be changed in the database either', async () => {
  await open(KINDS.plan)
  await add(KINDS.plan, limited)
  await publish(KINDS.plan)
  const { db } = world.bursar.app
  const environment = tenant().scope.environmentKey
  const run = (statement: Sql) => db.transaction((tx) => tx.execute(statement))
  const where = sql`where environment_key = ${environment}::uuid`
  await assert.rejects(
    run(sql`update package_entitlements set usage_limit = 1 ${where}`),
    /published/,
  )
  await assert.rejects(run(sql`delete from package_entitlements ${where}`), /published/)
  await run(
    sql`update package_entitlements set created_at = created_at - interval '1 hour' ${where}`,
  )
})
