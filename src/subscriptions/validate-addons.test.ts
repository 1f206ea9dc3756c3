import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addonOf, packagesOf, planOf } from '../../test/support/subscription-line.ts'
import { inBody } from '../kernel/field.ts'
import type { Pin } from './types.ts'
import { validateAddons } from './validate-addons.ts'

const AT = Date.UTC(2026, 3, 1)
const PACKAGES = packagesOf(
  planOf('plan', {
    pricingType: 'PAID',
    compatibleAddonKeys: ['a', 'b', 'c', 'few', 'old', 'draft', 'grown'],
  }),
  addonOf('a', {}),
  addonOf('b', { dependencyKeys: ['a'] }),
  addonOf('c', { dependencyKeys: ['b'] }),
  addonOf('few', { maxQuantity: 3 }),
  addonOf('grown', { maxQuantity: 3 }, { maxQuantity: 9, publishedAt: AT }),
  { ...addonOf('old', {}), archivals: [{ from: AT, until: null }] },
  addonOf('draft'),
  addonOf('stranger', {}),
)

type Wish = readonly (readonly [id: string, quantity: number])[]
const validate = (asked: Wish, pins: readonly Pin[] = []) =>
  validateAddons(
    asked.map(([id, quantity]) => ({ id, quantity, addon: PACKAGES.get(id) ?? null })),
    { planKey: 'plan', pins, at: AT, packages: PACKAGES, where: inBody('addons') },
  ).map(({ addonKey, quantity }): [string, number] => [addonKey, quantity])

const pinned = (packageKey: string): Pin => ({ packageKey, version: 1 })

const accepted: readonly (readonly [string, Wish, Wish, readonly Pin[]])[] = [
  ['none', [], [], []],
  ['one', [['a', 2]], [['a', 2]], []],
  [
    'all that one depends on',
    [
      ['c', 1],
      ['b', 1],
      ['a', 1],
    ],
    [
      ['c', 1],
      ['b', 1],
      ['a', 1],
    ],
    [],
  ],
  ['as many as it may be', [['few', 3]], [['few', 3]], []],
  ['as many as the newest version may be', [['grown', 9]], [['grown', 9]], []],
  [
    '0 units are left out',
    [
      ['few', 0],
      ['a', 1],
    ],
    [['a', 1]],
    [],
  ],
  ['an archived one that was there', [['old', 2]], [['old', 2]], [pinned('old')]],
]
for (const [name, asked, expected, pins] of accepted)
  test(`add-ons are accepted: ${name}`, () => {
    assert.deepEqual(validate(asked, pins), expected)
  })

const refused: readonly (readonly [string, Wish, string, string, readonly Pin[]])[] = [
  ['unknown', [['nothing', 1]], 'AddonsNotFound', 'addons/0/id', []],
  ['not published', [['draft', 1]], 'UnPublishedPackage', 'addons/0/id', []],
  [
    'archived',
    [
      ['a', 1],
      ['old', 1],
    ],
    'EntityIsArchivedError',
    'addons/1/id',
    [],
  ],
  [
    'twice',
    [
      ['a', 1],
      ['a', 2],
    ],
    'DuplicateAddonProvisionedError',
    'addons/1/id',
    [],
  ],
  ['less than nothing', [['a', -1]], 'InvalidQuantity', 'addons/0/quantity', []],
  ['a part of one', [['a', 0.5]], 'InvalidQuantity', 'addons/0/quantity', []],
  ['not of the plan', [['stranger', 1]], 'IncompatibleSubscriptionAddon', 'addons/0/id', []],
  ['too many', [['few', 4]], 'AddonQuantityExceedsLimitError', 'addons/0/quantity', []],
  [
    'too many of the version that is there',
    [['grown', 4]],
    'AddonQuantityExceedsLimitError',
    'addons/0/quantity',
    [pinned('grown')],
  ],
  ['without what it needs', [['b', 1]], 'AddonDependencyMissingError', 'addons/0/id', []],
  [
    'without what the needed one needs',
    [
      ['c', 1],
      ['b', 1],
    ],
    'AddonDependencyMissingError',
    'addons/1/id',
    [],
  ],
  [
    'with 0 units of what it needs',
    [
      ['b', 1],
      ['a', 0],
    ],
    'AddonDependencyMissingError',
    'addons/0/id',
    [],
  ],
]
for (const [name, asked, code, pointer, pins] of refused)
  test(`add-ons are refused: ${name}`, () => {
    assert.throws(
      () => validate(asked, pins),
      (error: { code: string; field: { pointer: string } }) => {
        assert.deepEqual([error.code, error.field.pointer], [code, pointer])
        return true
      },
    )
  })

test('the order of add-ons does not decide whether they are accepted', () => {
  const add = fc.tuple(fc.constantFrom('a', 'b', 'c', 'few', 'stranger'), fc.nat({ max: 4 }))
  const isAccepted = (asked: Wish) => {
    try {
      validate(asked)
      return true
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(fc.uniqueArray(add, { selector: ([id]) => id }), (asked) => {
      assert.equal(isAccepted(asked), isAccepted(asked.toReversed()))
    }),
  )
})
