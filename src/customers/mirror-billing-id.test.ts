import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { VendorIdentifier } from '../api.gen.ts'
import { type BillingFields, defaultBillingLink, mirrorBillingId } from './mirror-billing-id.ts'
import type { Link } from './types.ts'
import { isBillingVendor, VENDORS } from './vendors.ts'

type Short = [integrationId: string, vendor: VendorIdentifier, syncedEntityId: string | null]

const linksOf = (short: readonly Short[]): Link[] =>
  short.map(([integrationId, vendor, syncedEntityId]) => ({
    key: integrationId,
    integrationId,
    vendor,
    syncedEntityId,
    createdAt: 1,
    updatedAt: 1,
  }))
const shortOf = ({ billingId, links }: BillingFields) => ({
  billingId,
  links: links.map((link) => [link.integrationId, link.vendor, link.syncedEntityId]),
})

const S: Short = ['s', 'STRIPE', 'cus_1']
const Z: Short = ['z', 'ZUORA', 'zu_1']
const H: Short = ['h', 'HUBSPOT', 'hs_1']
const S_NONE: Short = ['s', 'STRIPE', null]
const S_NEW: Short = ['s', 'STRIPE', 'cus_2']

type ShortFields = { billingId: string | null; links: Short[] }
const of = (billingId: string | null, ...links: Short[]): ShortFields => ({ billingId, links })

type Change = {
  /** The links after the request. Absent: unchanged. */
  links?: Short[]
  billingId?: string | null
  stated?: string[]
}

/** The fields before, what the request changes, and the fields after it. */
const cases: readonly [string, ShortFields, Change, ShortFields | 'contradiction'][] = [
  ['nothing', of(null), {}, of(null)],
  ['billingId alone, without links', of(null), { billingId: 'b' }, of('b')],
  ['billingId beside a link that does not bill', of(null, H), { billingId: 'b' }, of('b', H)],
  [
    'a link that does not bill leaves billingId',
    of('b'),
    { links: [H], stated: ['h'] },
    of('b', H),
  ],
  [
    'the first billing link gives billingId',
    of(null),
    { links: [H, S], stated: ['h', 's'] },
    of('cus_1', H, S),
  ],
  [
    'the first billing link replaces a billingId without a link',
    of('b'),
    { links: [S], stated: ['s'] },
    of('cus_1', S),
  ],
  [
    'a second billing link changes nothing',
    of('cus_1', S),
    { links: [S, Z], stated: ['z'] },
    of('cus_1', S, Z),
  ],
  [
    'the default link changes billingId',
    of('cus_1', S, Z),
    { links: [S_NEW, Z], stated: ['s'] },
    of('cus_2', S_NEW, Z),
  ],
  [
    'the default link without a record clears billingId',
    of('cus_1', S),
    { links: [S_NONE], stated: ['s'] },
    of(null, S_NONE),
  ],
  [
    'billingId changes the default link alone',
    of('cus_1', H, S, Z),
    { billingId: 'cus_2' },
    of('cus_2', H, S_NEW, Z),
  ],
  [
    'billingId null empties the default link',
    of('cus_1', S),
    { billingId: null },
    of(null, S_NONE),
  ],
  [
    'billingId beside another link of the request changes the default link',
    of('cus_1', S),
    { links: [S, Z], billingId: 'cus_2', stated: ['z'] },
    of('cus_2', S_NEW, Z),
  ],
  [
    'both, and they agree',
    of(null),
    { links: [S], billingId: 'cus_1', stated: ['s'] },
    of('cus_1', S),
  ],
  ['both null', of(null), { links: [S_NONE], billingId: null, stated: ['s'] }, of(null, S_NONE)],
  [
    'both, and they differ',
    of(null),
    { links: [S], billingId: 'b', stated: ['s'] },
    'contradiction',
  ],
  [
    'billingId null and a default link with a record',
    of('cus_1', S),
    { links: [S], billingId: null, stated: ['s'] },
    'contradiction',
  ],
  [
    'billingId and a default link without a record',
    of(null),
    { links: [S_NONE], billingId: 'b', stated: ['s'] },
    'contradiction',
  ],
  [
    'the next oldest billing link takes over',
    of('cus_1', S, H, Z),
    { links: [H, Z] },
    of('zu_1', H, Z),
  ],
  ['the last billing link takes billingId along', of('cus_1', S, H), { links: [H] }, of(null, H)],
  ['a link that does not bill goes without it', of('b', H), { links: [] }, of('b')],
]

for (const [name, before, { links, billingId, stated }, after] of cases)
  test(`billingId and the default billing link: ${name}`, () => {
    const run = () =>
      mirrorBillingId(
        { billingId: before.billingId, links: linksOf(before.links) },
        linksOf(links ?? before.links),
        { stated: { billingId, integrationIds: stated ?? [] }, now: 2 },
      )
    if (after !== 'contradiction') return assert.deepEqual(shortOf(run()), after)
    assert.throws(run, (error: { status?: number; code?: string; message?: string }) => {
      assert.deepEqual([error.status, error.code], [400, 'InvalidArgumentError'])
      assert.match(error.message ?? '', /billingId .*syncedEntityId/)
      return true
    })
  })

test('the vendors that bill are those with a billing record', () => {
  assert.deepEqual(
    VENDORS.filter(isBillingVendor).toSorted(),
    ['AIRWALLEX', 'APP_STORE', 'RECEIVED', 'STRIPE', 'STRIPE_INVOICING', 'ZUORA'].toSorted(),
  )
})

test('after any request, billingId and the link agree, and a repetition changes nothing', () => {
  const id = fc.constantFrom(null, 'a', 'b')
  const link = fc.tuple(fc.constantFrom('i', 'j', 'k'), fc.constantFrom(...VENDORS), id)
  const links = fc.uniqueArray(link, { selector: ([integrationId]) => integrationId })
  fc.assert(
    fc.property(
      id,
      links,
      links,
      fc.option(id, { nil: undefined }),
      (held, from, to, billingId) => {
        const given = linksOf(from)
        const before = {
          billingId: defaultBillingLink(given)?.syncedEntityId ?? held,
          links: given,
        }
        const request = { stated: { billingId, integrationIds: [] }, now: 2 }
        const after = mirrorBillingId(before, linksOf(to), request)
        const link = defaultBillingLink(after.links)
        if (link !== null) assert.equal(after.billingId, link.syncedEntityId)
        if (billingId !== undefined) assert.equal(after.billingId, billingId)
        const again = mirrorBillingId(after, after.links, request)
        assert.equal(again.links, after.links)
        assert.equal(again.billingId, after.billingId)
      },
    ),
  )
})
