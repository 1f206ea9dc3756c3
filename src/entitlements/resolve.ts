import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { compareGenerosity, joined, sum, times } from './allowance.ts'
import type { Allowance, Resolution, Source } from './types.ts'

/**
 * What all sources of one feature that are in force at `now` give together. Within a subscription
 * they add up; between subscriptions, and beside promotional entitlements, the most generous one
 * counts, never the sum. The order of the sources is of no consequence.
 */
export function resolve(sources: readonly Source[], now: Instant): Resolution {
  const offers = offersOf(sources.filter((source) => isInForce(source, now)))
  const granting = offers.filter(grants).toSorted(byPreference)
  const [winner] = granting
  const parts = offers.flatMap((offer) =>
    offer.sources.map((source) => {
      const contributes = offer.contributions.get(source) ?? null
      const wins = contributes !== null && (offer === winner || addsTo(winner, contributes))
      return { source, contributes, wins }
    }),
  )
  if (winner === undefined) return { held: null, isRevoked: offers.length > 0, parts }
  const { reset, anchor } = winner.leader
  const held = {
    ...granting.map(({ allowance }) => allowance).reduce(joined),
    reset,
    anchor,
    updatedAt: Math.max(...[...winner.contributions.keys()].map((source) => source.updatedAt)),
  }
  return { held, isRevoked: false, parts }
}

/** The values of an ENUM come from all offers, and so does softness; all else from the winner. */
const addsTo = (
  winner: GrantSetWithAllowance | undefined,
  { enumValues, isSoft }: Allowance,
): boolean => enumValues.length > 0 || (isSoft && winner?.allowance.isSoft === false)

const isInForce = ({ startsAt, endsAt }: Source, now: Instant): boolean =>
  startsAt <= now && (endsAt === null || now < endsAt)

/** What one subscription, or one source outside of any, gives of a feature. */
type Offer = {
  sources: readonly Source[]
  /** What each of the sources adds, of those that add anything. */
  contributions: ReadonlyMap<Source, Allowance>
  /** null: it revokes. */
  allowance: Allowance | null
  /** Whose reset period and anchor count. */
  leader: Source
}

type GrantSetWithAllowance = Offer & { allowance: Allowance }
const grants = (offer: Offer): offer is GrantSetWithAllowance => offer.allowance !== null

function offersOf(sources: readonly Source[]): Offer[] {
  const bySubscription = Map.groupBy(sources, ({ subscription }) => subscription?.id ?? null)
  return [...bySubscription].flatMap(([subscriptionId, own]) =>
    subscriptionId === null ? own.map((source) => offerOf([source])) : [offerOf(own)],
  )
}

/**
 * Add-ons add to the base, times their quantity. One that overrides, or revokes, replaces all that,
 * whatever its quantity; among several such the most generous counts.
 */
function offerOf(sources: readonly Source[]): Offer {
  const addons = sources.filter(({ kind }) => kind === 'ADDON').toSorted(byGenerosity)
  const replacing = addons.filter((addon) => addon.behavior === 'Override' || !addon.allowance)
  const isReplaced = replacing.length > 0
  const counted = isReplaced ? replacing : [...baseOf(sources), ...addons]
  const contributions = new Map(
    counted.flatMap((source) => {
      if (source.allowance === null) return []
      return [[source, isReplaced ? source.allowance : times(source.allowance, source.quantity)]]
    }),
  )
  const allowances = [...contributions.values()]
  const [leader] = [...contributions.keys(), ...sources]
  return {
    sources,
    contributions,
    allowance: allowances.length === 0 ? null : allowances.reduce(isReplaced ? joined : sum),
    leader: required(leader, 'an offer without a source'),
  }
}

/**
 * What add-ons add to, if there is anything: the subscription's own entitlement, else its plan's,
 * else that of the nearest plan which it inherits from. One that revokes stands for all behind it.
 */
function baseOf(sources: readonly Source[]): Source[] {
  const distance = ({ kind, generation }: Source) => (kind === 'SUBSCRIPTION' ? -1 : generation)
  return sources
    .filter(({ kind }) => kind !== 'ADDON')
    .toSorted((one, other) => distance(one) - distance(other) || byGenerosity(one, other))
    .slice(0, 1)
}

/** The most generous first; those that revoke last. What is alike goes by its id. */
function byGenerosity(one: Source, other: Source): number {
  if (one.allowance === null || other.allowance === null)
    return Number(one.allowance === null) - Number(other.allowance === null) || byId(one, other)
  return compareGenerosity(one.allowance, other.allowance) || byId(one, other)
}

/** The most generous first; if alike subscriptions, then trials, then promotional entitlements. */
const byPreference = (one: GrantSetWithAllowance, other: GrantSetWithAllowance): number =>
  compareGenerosity(one.allowance, other.allowance) ||
  rank(one.leader) - rank(other.leader) ||
  byId(one.leader, other.leader)

function rank({ subscription }: Source): number {
  if (subscription === null) return 2
  return subscription.isTrial ? 1 : 0
}

function byId(one: Source, other: Source): number {
  const [id, otherId] = [one, other].map((each) => `${each.subscription?.id ?? ''} ${each.id}`)
  if (id === otherId) return 0
  return (id ?? '') < (otherId ?? '') ? -1 : 1
}
