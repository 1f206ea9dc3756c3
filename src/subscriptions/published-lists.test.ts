import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscriptionsIn } from '../../test/support/subscriptions.ts'
import { openWorldApart } from '../../test/support/world.ts'

const START = '2026-05-18T00:00:00Z'
const LATER = '2026-07-01T00:00:00Z'
const world = await openWorldApart()
const to = subscriptionsIn(world)
const { tenant, provision, update, cancel, goTo } = to

const own = (usageLimit: number) => ({
  entitlements: [{ id: 'calls', type: 'FEATURE' as const, usageLimit }],
})
const migrate = () => tenant().ok('v1.subscriptions.migrate', { params: { id: 'one' }, body: {} })

type Announcement = [resourceId: string | undefined, trigger: string]
type Row = {
  prepare?: () => Promise<unknown>
  change(): Promise<unknown>
  published: Announcement[]
}

/** Changes of the subscriptions `one` and `two`, which are for resources of these names. */
const ROWS: Record<string, Row> = {
  'an update': {
    change: () => update('one', own(7)),
    published: [['one', 'subscription_updated']],
  },
  'a cancellation': { change: () => cancel('one'), published: [['one', 'subscription_canceled']] },
  'a migration': {
    prepare: () => to.publishAgain('site'),
    change: migrate,
    published: [['one', 'subscription_updated']],
  },
  'another plan': {
    change: () => provision({ id: 'next', planId: 'large-site', resourceId: 'one' }),
    published: [['one', 'subscription_created']],
  },
  'a subscription without a resource': {
    change: () => provision({ id: 'app', planId: 'basic' }),
    published: [[undefined, 'subscription_created']],
  },
  'a cancellation that was scheduled': {
    prepare: () => update('one', { cancellationDate: LATER }),
    change: () => goTo(LATER),
    published: [['one', 'subscription_canceled']],
  },
  'what is due for another resource than that of a request': {
    prepare: async () => {
      await update('one', { cancellationDate: LATER })
      world.clock.moveTo(Date.parse(LATER))
    },
    change: () => update('two', own(7)),
    published: [
      ['one', 'subscription_canceled'],
      ['two', 'subscription_updated'],
    ],
  },
  'what is due for another resource than that of a new plan': {
    prepare: async () => {
      await update('one', { cancellationDate: LATER })
      world.clock.moveTo(Date.parse(LATER))
    },
    change: () => provision({ planId: 'large-site', resourceId: 'two' }),
    published: [
      ['two', 'subscription_created'],
      ['one', 'subscription_canceled'],
    ],
  },
  'what is due for another resource than that of a transfer': {
    prepare: async () => {
      await update('one', { cancellationDate: LATER })
      world.clock.moveTo(Date.parse(LATER))
    },
    change: () =>
      tenant().ok('v1.subscriptions.transfer', {
        params: { id: 'two' },
        body: { destinationResourceId: 'three' },
      }),
    published: [
      ['one', 'subscription_canceled'],
      ['two', 'subscription_updated'],
      ['three', 'subscription_updated'],
    ],
  },
}

type List = { resourceId?: string; trigger: string; entitlements: unknown }

for (const [name, { prepare, change, published }] of Object.entries(ROWS))
  test(`${name} publishes the list of each resource that it concerns`, async () => {
    world.clock.moveTo(Date.parse(START))
    await to.open()
    for (const id of ['one', 'two'])
      await provision({ id, planId: 'site', resourceId: id, ...own(5) })
    await prepare?.()
    const before = (await tenant().announced()).length
    await change()
    const lists = (await tenant().announced())
      .slice(before)
      .filter(({ type }) => type === 'entitlements.updated')
      .map(({ after }) => after as List)
    assert.deepEqual(
      lists.map(({ resourceId, trigger }) => [resourceId, trigger]),
      published,
    )
    for (const { resourceId, entitlements } of lists) {
      const query = resourceId === undefined ? {} : { resourceId }
      const params = { id: 'acme' }
      const { data } = await tenant().ok('v1.customers.retrieveEntitlements', { params, query })
      assert.deepEqual(data.entitlements, entitlements, String(resourceId))
    }
  })

test('more than 100 resources that change at once have one list without a resource', async () => {
  world.clock.moveTo(Date.parse(START))
  await to.open()
  const ids = Array.from({ length: 101 }, (_, index) => `site-${index}`)
  for (const id of ids)
    await provision({ id, planId: 'site', resourceId: id, cancellationDate: LATER })
  world.clock.moveTo(Date.parse(LATER))
  const before = (await tenant().announced()).length
  await provision({ id: 'app', planId: 'basic' })
  const published = (await tenant().announced()).slice(before)
  const lists = published.filter(({ type }) => type === 'entitlements.updated')
  assert.deepEqual(
    lists.map(({ after }) => (after as List).resourceId),
    [undefined],
  )
})
