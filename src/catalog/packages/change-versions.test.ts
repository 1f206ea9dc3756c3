import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiError } from '../../kernel/errors.ts'
import {
  archived,
  archivedWithProduct,
  published,
  refuseUnchangeable,
  unarchivedWithProduct,
  VERSIONS_LIMIT,
  withDraft,
  withoutDraft,
} from './change-versions.ts'
import type { Package } from './types.ts'

const packageWith = (state: Partial<Package>): Package => ({
  key: 'k',
  id: 'pro',
  type: 'Plan',
  product: { key: 'p', id: 'app' },
  latestVersion: null,
  draftVersion: null,
  createdAt: 1,
  updatedAt: 1,
  archivedAt: null,
  isArchivedWithProduct: false,
  ...state,
})
const first = packageWith({ draftVersion: 1 })
const sold = packageWith({ latestVersion: 3 })
const changing = packageWith({ latestVersion: 3, draftVersion: 4 })
const gone = packageWith({ latestVersion: 3, archivedAt: 1 })
const addon = (state: Package): Package => ({ ...state, type: 'Addon' })

const steps = { draft: withDraft, removeDraft: withoutDraft, publish: published, archive: archived }

const moves: [name: keyof typeof steps, from: Package, to: Partial<Package> | null][] = [
  ['publish', first, { latestVersion: 1, draftVersion: null }],
  ['removeDraft', first, null],
  ['draft', sold, { draftVersion: 4 }],
  ['publish', changing, { latestVersion: 4, draftVersion: null }],
  ['removeDraft', changing, { draftVersion: null }],
  ['archive', sold, { archivedAt: 2 }],
]
for (const [name, from, to] of moves)
  test(`${name} of ${from.latestVersion}/${from.draftVersion}`, () =>
    assert.deepEqual(steps[name](from, 2), to && { ...from, ...to, updatedAt: 2 }))

const full = packageWith({ latestVersion: VERSIONS_LIMIT })
const refusals: [string, Package, (from: Package, now: number) => unknown, number, string][] = [
  ['draft', first, withDraft, 400, 'DraftAlreadyExists'],
  ['draft', changing, withDraft, 400, 'DraftAlreadyExists'],
  ['draft', gone, withDraft, 400, 'EntityIsArchivedError'],
  ['draft', full, withDraft, 400, 'VersionExceedsMaxValueError'],
  ['removeDraft', sold, withoutDraft, 404, 'NoDraftOfferFound'],
  ['removeDraft', gone, withoutDraft, 400, 'EntityIsArchivedError'],
  ['publish', sold, published, 400, 'PackageAlreadyPublished'],
  ['publish', gone, published, 400, 'EntityIsArchivedError'],
  ['change', sold, refuseUnchangeable, 400, 'CannotEditPackageInNonDraftMode'],
  ['change', gone, refuseUnchangeable, 400, 'EntityIsArchivedError'],
  ['archive', first, archived, 400, 'DraftPlanCantBeArchived'],
  ['archive', changing, archived, 400, 'CannotUpsertToPackageThatHasDraft'],
  ['archive', addon(first), archived, 400, 'DraftAddonCantBeArchived'],
  ['archive', addon(changing), archived, 400, 'AddonWithDraftCannotBeDeletedError'],
]
for (const [name, from, step, status, code] of refusals)
  test(`${name} of a ${from.type} ${from.latestVersion}/${from.draftVersion}: ${code}`, () =>
    assert.throws(
      () => step(from, 2),
      (error: ApiError) => error.status === status && error.code === code,
    ))

test('archiving an archived package returns the same object', () =>
  assert.equal(archived(gone, 2), gone))

const withProduct: [Package, Partial<Package>][] = [
  [first, { draftVersion: 1 }],
  [sold, {}],
  [changing, { draftVersion: null }],
]
for (const [from, to] of withProduct)
  test(`a product takes ${from.latestVersion}/${from.draftVersion} along and restores it`, () => {
    const taken = archivedWithProduct(from, 2)
    assert.deepEqual(taken, {
      ...from,
      ...to,
      archivedAt: 2,
      isArchivedWithProduct: true,
      updatedAt: 2,
    })
    assert.deepEqual(unarchivedWithProduct(taken, 3), { ...from, ...to, updatedAt: 3 })
  })

test('a product neither takes nor restores what was archived before it', () => {
  assert.equal(archivedWithProduct(gone, 2), gone)
  assert.equal(unarchivedWithProduct(gone, 2), gone)
})
