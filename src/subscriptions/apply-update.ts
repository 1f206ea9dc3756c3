import { required } from '../kernel/assert.ts'
import type { Quantity } from '../kernel/quantity.ts'
import { replacePlan } from './begin-successor.ts'
import { anchorAfter, withCycle } from './billing-period.ts'
import { inTurn, type Moment, put } from './change-line.ts'
import { atLatest } from './migrate-subscription.ts'
import { isOnSale, pinAddons } from './pin-versions.ts'
import type { Content, FutureUpdate, Line, LineChange, PartChange, Subscription } from './types.ts'
import { addonsAllowed } from './validate-addons.ts'

/**
 * Applies the first scheduled update that is due at `at`. All add-ons that are due are one update.
 * If its package is not sold any more, the add-ons do not go together, or the plan has to be sold
 * anew, it fails and the subscription stays as it is.
 */
export function applyUpdate(
  line: Line,
  subscription: Subscription,
  { at, packages }: Moment,
): LineChange {
  const due = subscription.updates.filter((each) => each.status === 'SCHEDULED' && each.at <= at)
  const first = required(due[0], 'a scheduled update that is due')
  const { change } = first
  const group =
    change.type === 'ADDON' ? due.filter(({ change }) => change.type === 'ADDON') : [first]
  const as = (status: 'DONE' | 'FAILED', of = subscription) =>
    put(line, marked(of, group, status), { at, kind: 'UPDATED' })
  if (change.type === 'PLAN' || change.type === 'DOWNGRADE') {
    const { planKey } = change.successor
    const isPossible =
      isOnSale(packages, planKey, at) &&
      addonsAllowed(change.content.addons, { planKey, pins: [], at, packages })
    if (!isPossible) return as('FAILED')
    const { cancellation, ending } = subscription
    const terms = { cancellation, ending, startsAt: at, firstPayment: 'NOT_NEEDED' } as const
    const plan = { ...change, ...terms }
    return inTurn(as('DONE'), (now) => replacePlan(now, subscription, plan, { at, packages }))
  }
  const parts = group.map((update) => update.change as PartChange)
  const after = withParts(subscription, parts, { at, packages })
  return after === null ? as('FAILED') : as('DONE', after)
}

function marked(
  subscription: Subscription,
  group: readonly FutureUpdate[],
  status: 'DONE' | 'FAILED',
): Subscription {
  const updates = subscription.updates.map((each) =>
    group.includes(each) ? { ...each, status } : each,
  )
  return { ...subscription, updates }
}

type AddonChange = Extract<PartChange, { type: 'ADDON' }>

/**
 * Returns a subscription after changes of its parts; null if they are impossible at that time. What
 * was there keeps its version, and what is new gets the newest.
 */
export function withParts(
  subscription: Subscription,
  parts: readonly PartChange[],
  moment: Moment,
): Subscription | null {
  const addons = parts.filter((part) => part.type === 'ADDON')
  const others = parts.filter((part) => part.type !== 'ADDON')
  const start = addons.length === 0 ? subscription : withAddons(subscription, addons, moment)
  return others.reduce((after, part) => after && withPart(after, part, moment), start)
}

function withPart(
  subscription: Subscription,
  part: Exclude<PartChange, AddonChange>,
  moment: Moment,
): Subscription | null {
  const { content, status } = subscription
  if (part.type === 'UNIT_AMOUNT')
    return { ...subscription, content: withUnits(content, part.featureKey, part.quantity) }
  if (part.type === 'MIGRATE_TO_LATEST') return atLatest(subscription, moment)
  const { billingPeriod, anchor: choice } = part
  if (status !== 'ACTIVE') return { ...subscription, billingPeriod }
  const { at } = moment
  const anchor = anchorAfter(subscription, billingPeriod, { at, choice })
  return withCycle(subscription, { billingPeriod, anchor }, at)
}

/** Returns a content with another number of units of a feature. */
export const withUnits = (content: Content, featureKey: string, quantity: Quantity): Content => ({
  ...content,
  units: [
    ...content.units.filter((each) => each.featureKey !== featureKey),
    { featureKey, quantity },
  ],
})

/** An add-on that is not sold any more can stay, but cannot be added. */
function withAddons(
  subscription: Subscription,
  changes: readonly AddonChange[],
  { at, packages }: Moment,
): Subscription | null {
  const { content, planKey, pins, status } = subscription
  const addons = changes.reduce(withQuantity, content.addons)
  const isNew = (key: string) => !content.addons.some(({ addonKey }) => addonKey === key)
  const isPossible =
    addons.every(({ addonKey }) => !isNew(addonKey) || isOnSale(packages, addonKey, at)) &&
    addonsAllowed(addons, { planKey, pins, at, packages })
  if (!isPossible) return null
  const after = { ...subscription, content: { ...content, addons } }
  if (status === 'NOT_STARTED') return after
  return { ...after, pins: pinAddons(pins, addons, { at, packages }) }
}

function withQuantity(
  addons: Content['addons'],
  { addonKey, quantity }: AddonChange,
): Content['addons'] {
  const isKnown = addons.some((each) => each.addonKey === addonKey)
  const all = isKnown ? addons : [...addons, { addonKey, quantity }]
  return all
    .map((each) => (each.addonKey === addonKey ? { ...each, quantity } : each))
    .filter((each) => each.quantity > 0)
}
