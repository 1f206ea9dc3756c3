import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { catalogs, FULL } from '../../../test/support/catalogs.ts'
import type { Catalog } from '../../api.gen.ts'
import { canonicalCatalog } from './canonical.ts'
import { compareCatalogs, type Difference } from './compare-catalogs.ts'
import { findMistakes } from './find-mistakes.ts'
import { itemsOf, keyOf } from './items.ts'
import { stepsOf } from './steps.ts'
import { wordsOf } from './words.ts'

/** Returns the objects after the changes, by their keys. */
function changed(before: Catalog, { changes }: Difference) {
  const items = new Map([...itemsOf(before)].map(([key, { fields }]) => [key, { ...fields }]))
  for (const { action, item, fields } of changes) {
    const known: Record<string, unknown> = items.get(keyOf(item)) ?? {}
    if (action === 'ARCHIVE') {
      items.delete(keyOf(item))
      for (const [key, { productId }] of items)
        if (item.type === 'PRODUCT' && productId === item.id) items.delete(key)
      continue
    }
    for (const { field, before: was, after } of fields) {
      assert.deepEqual(known[field], was)
      if (after === undefined) delete known[field]
      else known[field] = after
    }
    items.set(keyOf(item), known)
  }
  return items
}
const fieldsOf = (catalog: Catalog) =>
  new Map([...itemsOf(catalog)].map(([key, { fields }]) => [key, fields]))

const twins = [catalogs, catalogs] as const

test('the difference of two catalogs makes the second one from the first', () => {
  fc.assert(
    fc.property(...twins, (before, after) => {
      const difference = compareCatalogs(before, after, { archives: true })
      assert.deepEqual(changed(before, difference), fieldsOf(after))
      assert.deepEqual(difference.left, [])
    }),
  )
})

test('without the option nothing is archived, and what is left is named', () => {
  fc.assert(
    fc.property(...twins, (before, after) => {
      const { changes, left } = compareCatalogs(before, after, { archives: false })
      assert.ok(changes.every(({ action }) => action !== 'ARCHIVE'))
      const wanted = itemsOf(after)
      const lacking = [...itemsOf(before).keys()].filter((key) => !wanted.has(key))
      assert.deepEqual(left.map(keyOf).toSorted(), lacking.toSorted())
    }),
  )
})

test('a catalog does not differ from its canonical form, which has only one form', () => {
  fc.assert(
    fc.property(catalogs, (catalog) => {
      const canonical = canonicalCatalog(catalog)
      assert.deepEqual(compareCatalogs(catalog, canonical, { archives: true }), {
        changes: [],
        left: [],
      })
      assert.equal(JSON.stringify(canonicalCatalog(canonical)), JSON.stringify(canonical))
      assert.deepEqual(findMistakes(catalog), [])
    }),
  )
})

test('objects come after those that they name, and archives come last, in reverse', () => {
  fc.assert(
    fc.property(...twins, (before, after) => {
      const { changes } = compareCatalogs(before, after, { archives: true })
      const wanted = itemsOf(after)
      const done = new Set(
        [...wanted.values()]
          .filter((item) => !changes.some((change) => keyOf(change.item) === keyOf(item)))
          .map(keyOf),
      )
      for (const { action, item } of changes) {
        if (action === 'ARCHIVE') continue
        assert.ok(wanted.size > 0)
        const {
          parentPlanId,
          compatibleAddonIds = [],
          dependencies = [],
        } = item.fields as {
          parentPlanId?: string
          compatibleAddonIds?: string[]
          dependencies?: string[]
        }
        if (parentPlanId !== undefined) assert.ok(done.has(`PLAN ${parentPlanId}`))
        for (const id of [...compatibleAddonIds, ...dependencies])
          assert.ok(done.has(`ADDON ${id}`))
        done.add(keyOf(item))
      }
      const firstArchive = changes.findIndex(({ action }) => action === 'ARCHIVE')
      if (firstArchive >= 0)
        assert.ok(changes.slice(firstArchive).every(({ action }) => action === 'ARCHIVE'))
    }),
  )
})

test('words name each changed field with its values before and after', () => {
  const { features = [], ...others } = FULL
  const [calls, ...rest] = features
  assert.ok(calls !== undefined)
  const { description, ...without } = calls
  const after = {
    ...others,
    features: [{ ...without, displayName: 'C', metadata: { a: 'b' } }, ...rest],
  }
  const { changes } = compareCatalogs(FULL, after, { archives: false })
  assert.equal(changes.length, 1)
  assert.deepEqual(wordsOf(changes[0]?.fields ?? []), [
    'displayName: "Calls" → "C"',
    'description: "Calls of the API" → default',
    'metadata.team: "api" → default',
    'metadata.a: "b"',
  ])
})

test('words name what a package gives by its feature or currency', () => {
  const row = (id: string, more: object = {}) => ({ id, type: 'FEATURE' as const, ...more })
  const credit = { id: 'gold', type: 'CREDIT', amount: 5, cadence: 'MONTH' }
  const calls = row('calls', { usageLimit: 5, resetPeriod: 'MONTH' })
  const cases: [before: object[], after: object[], ...lines: string[]][] = [
    [[], [row('sso')], 'entitlement of feature sso: added'],
    [[], [calls], 'entitlement of feature calls: added, usageLimit: 5, resetPeriod: "MONTH"'],
    [[credit], [], 'entitlement of currency gold: removed'],
    [
      [row('sso'), calls],
      [row('sso'), { ...calls, usageLimit: 7, resetPeriod: undefined }],
      'entitlement of feature calls: usageLimit: 5 → 7',
      'entitlement of feature calls: resetPeriod: "MONTH" → default',
    ],
    [
      [row('sso'), credit, calls],
      [calls, row('sso'), credit],
      'order of entitlements: feature sso, currency gold, feature calls → feature calls, feature sso, currency gold',
    ],
    [[row('a'), row('b'), row('c')], [row('b'), row('c')], 'entitlement of feature a: removed'],
    [
      [row('b')],
      [row('a'), row('b')],
      'entitlement of feature a: added',
      'order of entitlements: feature b → feature a, feature b',
    ],
  ]
  for (const [before, after, ...lines] of cases)
    assert.deepEqual(wordsOf([{ field: 'entitlements', before, after }]), lines)
})

test('a package is published once for all of its changes, before its product names it', () => {
  const { changes } = compareCatalogs({}, FULL, { archives: false })
  const steps = stepsOf(changes).map(({ operation, item }) => `${operation} ${item.id}`)
  assert.deepEqual(
    steps.filter((step) => / (free|pro|assistant)$/.test(step)),
    [
      'v1.products.createProduct assistant',
      'v1.plans.create free',
      'replaceEntitlements free',
      'v1.plans.publish free',
      'v1.plans.create pro',
      'v1.plans.update pro',
      'replaceEntitlements pro',
      'v1.plans.publish pro',
      'v1.products.updateProduct assistant',
    ],
  )
})
