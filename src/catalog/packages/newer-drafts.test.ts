import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsIn } from '../../../test/support/environments.ts'
import { packagesIn, params, publication } from '../../../test/support/packages.ts'
import { openWorld } from '../../../test/support/world.ts'

const world = await openWorld()
const environments = environmentsIn(world)
const { tenant } = environments
const { createAddon, createPlan, withProducts } = packagesIn(environments)

const later = () => world.clock.moveTo(world.clock.now() + 1000)
const RETRY = { 'x-stainless-retry-count': '1' }
const DRAFT = { query: { draft: 'true' } }
const CREATE = { plans: createPlan, addons: createAddon }
type Kind = keyof typeof CREATE

const publish = (kind: Kind, headers: Record<string, string> = {}) =>
  tenant().call(`v1.${kind}.publish`, { ...params('pro'), ...publication, headers })
const discard = (kind: Kind, headers: Record<string, string> = {}) =>
  tenant().call(`v1.${kind}.removeDraft`, { ...params('pro'), headers })
const readDraft = (kind: Kind) =>
  tenant().call(`v1.${kind}.retrieve`, { ...params('pro'), ...DRAFT })
const change = (kind: Kind, displayName: string) =>
  tenant().ok(`v1.${kind}.update`, { ...params('pro'), body: { displayName } })
const open = (kind: Kind) => tenant().ok(`v1.${kind}.createDraft`, params('pro'))
const tagOf = async (kind: Kind) => String((await readDraft(kind)).headers.etag)

/** Somebody else opens a draft after the request, and is not done with it. */
async function openAnother(kind: Kind, isNew = false) {
  later()
  if (isNew) await CREATE[kind]('pro')
  else await open(kind)
  await change(kind, 'half done')
  return (await readDraft(kind)).text
}

for (const kind of ['plans', 'addons'] as const) {
  test(`${kind}: a draft that somebody has changed is neither published nor discarded with an older tag`, async () => {
    await withProducts()
    await CREATE[kind]('pro')
    const tag = await tagOf(kind)
    later()
    await change(kind, 'by another')
    for (const send of [publish, discard])
      assert.equal((await send(kind, { 'if-match': tag })).status, 412)
    const published = await publish(kind, { 'if-match': await tagOf(kind) })
    assert.deepEqual([published.status, published.headers.etag], [200, undefined])
    await open(kind)
    assert.equal((await discard(kind, { 'if-match': tag })).status, 412)
    assert.equal((await discard(kind, { 'if-match': await tagOf(kind) })).status, 200)
  })

  test(`${kind}: a retry never publishes a draft that was opened after its original`, async () => {
    await withProducts()
    await CREATE[kind]('pro')
    const headers = { 'if-match': await tagOf(kind) }
    const first = await publish(kind, headers)
    const draft = await openAnother(kind)
    const again = await publish(kind, { ...headers, ...RETRY })
    assert.deepEqual([again.status, again.success], [200, first.success])
    assert.equal((await readDraft(kind)).text, draft)
    assert.equal((await publish(kind)).status, 200)
    const another = await openAnother(kind)
    const { status, refusal } = await publish(kind, RETRY)
    assert.deepEqual([status, refusal?.field], [412, 'path:id'])
    assert.equal((await readDraft(kind)).text, another)
  })

  test(`${kind}: a retry never discards a draft that was opened after its original`, async () => {
    await withProducts()
    await CREATE[kind]('pro')
    for (const isNew of [true, false]) {
      if (!isNew) {
        await publish(kind)
        await open(kind)
      }
      later()
      const headers = { 'if-match': await tagOf(kind) }
      const first = await discard(kind, headers)
      const draft = await openAnother(kind, isNew)
      const again = await discard(kind, { ...headers, ...RETRY })
      assert.deepEqual([again.status, again.success], [200, first.success])
      assert.equal((await readDraft(kind)).text, draft)
      assert.equal((await discard(kind)).status, 200)
      const another = await openAnother(kind, isNew)
      assert.equal((await discard(kind, RETRY)).status, 412)
      assert.equal((await readDraft(kind)).text, another)
    }
  })

  test(`${kind}: a retry gets the response of its original if there is no newer draft`, async () => {
    await withProducts()
    await CREATE[kind]('pro')
    const first = await publish(kind)
    const again = async () => (await publish(kind, RETRY)).success
    assert.deepEqual(await again(), first.success)
    await tenant().ok(`v1.${kind}.archive`, params('pro'))
    assert.deepEqual(await again(), first.success)
  })
}
