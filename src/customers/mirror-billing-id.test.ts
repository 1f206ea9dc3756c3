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

type Case = {
  name: string
  before: { billingId: string | null; links: Short[] }
  /** The links after the request. Absent: unchanged. */
  links?: Short[]
  billingId?: string | null
  stated?: string[]
  after: { billingId: string | null; links: Short[] } | 'contradiction'
}

const nothing = { billingId: null, links: [] }
const cases: Case[] = [
  { name: 'nothing', before: nothing, after: nothing },
  {
    name: 'billingId alone, without links',
    before: nothing,
    billingId: 'b',
    after: { billingId: 'b', links: [] },
  },
  {
    name: 'billingId beside a link that does not bill',
    before: { billingId: null, links: [H] },
    billingId: 'b',
    after: { billingId: 'b', links: [H] },
  },
  {
    name: 'a link that does not bill leaves billingId',
    before: { billingId: 'b', links: [] },
    links: [H],
    stated: ['h'],
    after: { billingId: 'b', links: [H] },
  },
  {
    name: 'the first billing link gives billingId',
    before: nothing,
    links: [H, S],
    stated: ['h', 's'],
    after: { billingId: 'cus_1', links: [H, S] },
  },
  {
    name: 'the first billing link replaces a billingId without a link',
    before: { billingId: 'b', links: [] },
    links: [S],
    stated: ['s'],
    after: { billingId: 'cus_1', links: [S] },
  },
  {
    name: 'a second billing link changes nothing',
    before: { billingId: 'cus_1', links: [S] },
    links: [S, Z],
    stated: ['z'],
    after: { billingId: 'cus_1', links: [S, Z] },
  },
  {
    name: 'the default link changes billingId',
    before: { billingId: 'cus_1', links: [S, Z] },
    links: [S_NEW, Z],
    stated: ['s'],
    after: { billingId: 'cus_2', links: [S_NEW, Z] },
  },
  {
    name: 'the default link without a record clears billingId',
    before: { billingId: 'cus_1', links: [S] },
    links: [S_NONE],
    stated: ['s'],
    after: { billingId: null, links: [S_NONE] },
  },
  {
    name: 'billingId changes the default link alone',
    before: { billingId: 'cus_1', links: [H, S, Z] },
    billingId: 'cus_2',
    after: { billingId: 'cus_2', links: [H, S_NEW, Z] },
  },
  {
    name: 'billingId null empties the default link',
    before: { billingId: 'cus_1', links: [S] },
    billingId: null,
    after: { billingId: null, links: [S_NONE] },
  },
  {
    name: 'billingId beside another link of the request changes the default link',
    before: { billingId: 'cus_1', links: [S] },
    links: [S, Z],
    billingId: 'cus_2',
    stated: ['z'],
    after: { billingId: 'cus_2', links: [S_NEW, Z] },
  },
  {
    name: 'both, and they agree',
    before: nothing,
    links: [S],
    billingId: 'cus_1',
    stated: ['s'],
    after: { billingId: 'cus_1', links: [S] },
  },
  {
    name: 'both null',
    before: nothing,
    links: [S_NONE],
    billingId: null,
    stated: ['s'],
    after: { billingId: null, links: [S_NONE] },
  },
  {
    name: 'both, and they differ',
    before: nothing,
    links: [S],
    billingId: 'b',
    stated: ['s'],
    after: 'contradiction',
  },
  {
    name: 'billingId null and a default link with a record',
    before: { billingId: 'cus_1', links: [S] },
    links: [S],
    billingId: null,
    stated: ['s'],
    after: 'contradiction',
  },
  {
    name: 'billingId and a default link without a record',
    before: nothing,
    links: [S_NONE],
    billingId: 'b',
    stated: ['s'],
    after: 'contradiction',
  },
  {
    name: 'the next oldest billing link takes over',
    before: { billingId: 'cus_1', links: [S, H, Z] },
    links: [H, Z],
    after: { billingId: 'zu_1', links: [H, Z] },
  },
  {
    name: 'the last billing link takes billingId along',
    before: { billingId: 'cus_1', links: [S, H] },
    links: [H],
    after: { billingId: null, links: [H] },
  },
  {
    name: 'a link that does not bill goes without it',
    before: { billingId: 'b', links: [H] },
    links: [],
    after: { billingId: 'b', links: [] },
  },
]

for (const { name, before, links, billingId, stated, after } of cases)
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
