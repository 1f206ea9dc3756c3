import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { compareGenerosity, mostGenerous, sum, times } from './allowance.ts'
import type { Allowance, Resolution, Source } from './types.ts'

/**
 * Combines all sources of one feature that are in force at `now`. Sources of a subscription are
 * added. Of several subscriptions and promotional entitlements the most generous counts, never the
 * sum. The order of the sources has no effect.
 */
export function resolve(sources: readonly Source[], now: Instant): Resolution {
  const grantSets = grantSetsOf(sources.filter((source) => isInForce(source, now)))
  const granting = grantSets.filter(grants).toSorted(byPreference)
  const [winner] = granting
  const parts = grantSets.flatMap((grantSet) =>
    grantSet.sources.map((source) => {
      const contributes = grantSet.contributions.get(source) ?? null
      const wins = contributes !== null && (grantSet === winner || addsTo(winner, contributes))
      return { source, contributes, wins }
    }),
  )
  if (winner === undefined) return { effective: null, isRevoked: grantSets.length > 0, parts }
  const { reset, anchor, countsFrom } = winner.leader
  const effective = {
    ...granting.map(({ allowance }) => allowance).reduce(mostGenerous),
    reset,
    anchor,
    countsFrom,
    updatedAt: Math.max(...[...winner.contributions.keys()].map((source) => source.updatedAt)),
  }
  return { effective, isRevoked: false, parts }
}

/** Enum values and softness come from all grant sets, everything else from the winner. */
const addsTo = (
  winner: GrantSetWithAllowance | undefined,
  { enumValues, isSoft }: Allowance,
): boolean => enumValues.length > 0 || (isSoft && winner?.allowance.isSoft === false)

const isInForce = ({ startsAt, endsAt }: Source, now: Instant): boolean =>
  startsAt <= now && (endsAt === null || now < endsAt)

/** What one subscription, or one source outside of any subscription, gives of a feature. */
type GrantSet = {
  sources: readonly Source[]
  /** The allowance that each source adds. Sources that add nothing are absent. */
  contributions: ReadonlyMap<Source, Allowance>
  /** null: the grant set revokes. */
  allowance: Allowance | null
  /** The source whose reset period and anchor count. */
  leader: Source
}

type GrantSetWithAllowance = GrantSet & { allowance: Allowance }
const grants = (set: GrantSet): set is GrantSetWithAllowance => set.allowance !== null

function grantSetsOf(sources: readonly Source[]): GrantSet[] {
  const bySubscription = Map.groupBy(sources, ({ subscription }) => subscription?.id ?? null)
  return [...bySubscription].flatMap(([subscriptionId, own]) =>
    subscriptionId === null ? own.map((source) => grantSetOf([source])) : [grantSetOf(own)],
  )
}

/**
 * Add-ons are multiplied by their quantity and added to the base. An add-on that overrides or
 * revokes replaces all of this. Among several of those the most generous counts, also multiplied by
 * its quantity.
 */
function grantSetOf(sources: readonly Source[]): GrantSet {
  const addons = sources.filter(({ kind }) => kind === 'ADDON').toSorted(byGenerosity)
  const replacing = addons.filter((addon) => addon.behavior === 'Override' || !addon.allowance)
  const isReplaced = replacing.length > 0
  const counted = isReplaced ? replacing : [...baseOf(sources), ...addons]
  const contributions = new Map(
    counted.flatMap((source) => {
      const given = givenBy(source)
      return given === null ? [] : [[source, given]]
    }),
  )
  const allowances = [...contributions.values()]
  const [leader] = [...contributions.keys(), ...sources]
  return {
    sources,
    contributions,
    allowance: allowances.length === 0 ? null : allowances.reduce(isReplaced ? mostGenerous : sum),
    leader: required(leader, 'a grant set without a source'),
  }
}

/** Returns what all units of a source give together; null if it revokes. */
const givenBy = (source: Source): Allowance | null =>
  source.allowance && times(source.allowance, countOf(source))

/** To count an override once, whatever its quantity, return 1 for it here. */
const countOf = ({ quantity }: Source): number => quantity

/**
 * Returns what add-ons are added to: the subscription's own entitlement, else that of its plan,
 * else that of the nearest ancestor plan. If it revokes, the more distant ones do not count.
 */
function baseOf(sources: readonly Source[]): Source[] {
  const distance = ({ kind, generation }: Source) => (kind === 'SUBSCRIPTION' ? -1 : generation)
  return sources
    .filter(({ kind }) => kind !== 'ADDON')
    .toSorted((one, other) => distance(one) - distance(other) || byGenerosity(one, other))
    .slice(0, 1)
}

/**
 * Sorts the most generous source first and revoking sources last. Equal sources are ordered by id.
 */
function byGenerosity(one: Source, other: Source): number {
  const [given, otherGiven] = [givenBy(one), givenBy(other)]
  if (given === null || otherGiven === null)
    return Number(given === null) - Number(otherGiven === null) || byId(one, other)
  return compareGenerosity(given, otherGiven) || byId(one, other)
}

/**
 * Sorts the most generous grant set first. Equal ones: paid subscriptions, then trials, then
 * promotional entitlements.
 */
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
