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
} from '../../../../test/support/package-entitlements.ts'
import { params, publication } from '../../../../test/support/packages.ts'
import { LATER, openWorld } from '../../../../test/support/world.ts'

const environments = environmentsIn(await openWorld())
const { tenant, later } = environments
const { add, list, open, publish, read, refuses, refusesNew, update } = entitlementsIn(environments)

for (const [name, kind] of Object.entries(KINDS)) {
  test(`a version of the ${name} keeps what it gives, and its draft begins with that`, async () => {
    await open(kind)
    await add(kind, limited, credit({ order: -1 }))
    const references = [
      { id: 'tokens', type: 'CREDIT' },
      { id: 'calls', type: 'FEATURE' },
    ]
    assert.deepEqual((await read(kind)).entitlements, references)
    await publish(kind)
    const published = await list(kind)
    later()
    const { data: draft } = await tenant().ok(kind.createDraft, params(kind.id))
    assert.deepEqual(draft.entitlements, references)
    assert.deepEqual(await list(kind, { draft: 'true' }), published)
    await update(kind, 'calls', { type: 'FEATURE', usageLimit: 20 })
    await tenant().ok(kind.remove, one(kind, 'tokens'))
    const changed = await read(kind, { draft: 'true' })
    assert.deepEqual([changed.entitlements, changed.updatedAt], [[references[1]], LATER])
    assert.deepEqual(await list(kind), published)
    assert.deepEqual((await read(kind)).entitlements, references)
    await tenant().ok(kind.removeDraft, params(kind.id))
    assert.deepEqual(await list(kind), published)
    await tenant().ok(kind.createDraft, params(kind.id))
    assert.deepEqual(await list(kind, { draft: 'true' }), published)
    await update(kind, 'calls', { type: 'FEATURE', usageLimit: 30 })
    await publish(kind)
    assert.deepEqual(
      (await list(kind)).map((each) => 'usageLimit' in each && each.usageLimit),
      [false, 30],
    )
  })

  test(`a copy of the ${name} gives the same, in its version and in its draft`, async () => {
    await open(kind)
    await add(kind, limited, credit({ dependencyFeatureId: 'seats' }))
    await publish(kind)
    await tenant().ok(kind.createDraft, params(kind.id))
    await update(kind, 'calls', { type: 'FEATURE', usageLimit: 20 })
    later()
    await tenant().ok('v1.products.duplicateProduct', {
      ...params('app'),
      body: { targetId: 'eu' },
    })
    const [param] = Object.keys(kind.path)
    const copy = { ...kind, id: `${kind.id}-eu`, path: { [String(param)]: `${kind.id}-eu` } }
    const at = { createdAt: LATER, updatedAt: LATER }
    for (const query of [{}, { draft: 'true' }]) {
      const copies = (await tenant().ok(copy.list, { params: copy.path, query })).data
      assert.deepEqual(
        copies,
        (await list(kind, query)).map((each) => ({ ...each, ...at })),
      )
      const { data: shown } = await tenant().ok(copy.retrieve, { ...params(copy.id), query })
      assert.deepEqual(shown.entitlements, (await read(kind, query)).entitlements)
    }
  })

  test(`the draft of the ${name} is not published with what was archived meanwhile`, async () => {
    await open(kind)
    await add(kind, feature('seats', { usageLimit: 1 }), credit())
    await tenant().ok('v1.products.archiveProduct', params('app'))
    await refusesNew(kind, [limited], 'EntityIsArchivedError')
    await refuses(kind, 'remove', one(kind, 'tokens'), { code: 'EntityIsArchivedError' })
    await tenant().ok('v1.features.archiveFeature', params('seats'))
    await tenant().ok('v1.products.unarchiveProduct', params('app'))
    const before = await tenant().announced()
    await tenant().refused(
      kind.publish,
      { ...params(kind.id), ...publication },
      { status: 400, code: 'EntityIsArchivedError', message: /seats/ },
    )
    assert.deepEqual(await tenant().announced(), before)
    await tenant().ok(kind.remove, one(kind, 'seats'))
    await publish(kind)
  })
}
