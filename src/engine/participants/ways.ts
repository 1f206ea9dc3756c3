import type { Change } from '../../entitlements/index.ts'
import type { Quantity } from '../../kernel/quantity.ts'

/** A budget with another limit. */
export type BudgetChange = {
  change: 'budget'
  entityId: string
  scopeEntityIds: readonly string[]
  to: Quantity
}
/** A dimension whose value must name an entity. */
export type DimensionChange = { change: 'dimension'; to: 'KNOWN'; key: string }
/** Changes that together reverse the result of a decision. */
export type Way = readonly (Change | BudgetChange | DimensionChange)[]

/** How a participant takes part in the ways to the opposite result. */
export type Stance = {
  isGranted: boolean
  /** The largest request that it allows. Null: it allows any, or cannot compare requests. */
  room: Quantity | null
  /** The ways that make it grant what it denies. The first one leaves the request as it is. */
  toGrant(): readonly Way[]
  /** The ways that make it deny what it grants. */
  toDeny(): readonly Way[]
  /** Returns its stance after a way, whose changes may be those of any participant. */
  after(way: Way): Stance
  /** Changes that each way to a grant must contain too. If there are any, the request is denied. */
  needed: Way
}

/**
 * Returns the ways to the opposite of what participants have decided together. A way to a grant
 * requests so little that no participant denies, or changes every participant that denies. A way to
 * a denial makes one participant deny. What a decision would be after the `needed` changes is not
 * known. So the other changes of a way are chosen as if no change were needed.
 */
export function waysOf(stances: readonly Stance[]): Way[] {
  const needed = stances.flatMap((stance) => stance.needed)
  if (needed.length === 0) return waysToOpposite(stances)
  const ways = isGrantedBy(stances) ? [[]] : waysToOpposite(stances)
  return ways.map((way) => [...way, ...needed])
}

function waysToOpposite(stances: readonly Stance[]): Way[] {
  const before = isGrantedBy(stances)
  const ways = before ? waysToDeny(stances) : waysToGrant(stances)
  return ways.filter((way) => isGrantedBy(afterWay(stances, way)) !== before)
}

export const isGrantedBy = (stances: readonly Stance[]): boolean =>
  stances.every(({ isGranted }) => isGranted)

export const afterWay = (stances: readonly Stance[], way: Way): Stance[] =>
  stances.map((stance) => stance.after(way))

/** Extends each way of the first participant that denies, so that those after it grant as well. */
function waysToGrant(stances: readonly Stance[]): Way[] {
  const first = stances.findIndex(({ isGranted }) => !isGranted)
  const later = stances.slice(first + 1)
  const room = least(later.map((stance) => stance.room))
  return (stances[first]?.toGrant() ?? []).map((way) =>
    way.some(isNumeric) ? atMost(way, room) : [...way, ...ownChanges(afterWay(later, way))],
  )
}

/** Returns the changes that make all grant the request as it is. */
const ownChanges = (stances: readonly Stance[]): Way =>
  stances.flatMap((stance) => (stance.isGranted ? [] : (stance.toGrant()[0] ?? [])))

/** If several participants deny a larger request, the smallest such request is enough. */
function waysToDeny(stances: readonly Stance[]): Way[] {
  const own = stances.map((stance) => stance.toDeny())
  const smallest = least(
    own
      .flat(2)
      .filter(isNumeric)
      .map(({ to }) => to),
  )
  const first = own.findIndex((ways) => ways.some((way) => way.some(isNumeric)))
  return own.flatMap((ways, index) =>
    ways
      .filter((way) => index <= first || !way.some(isNumeric))
      .map((way) => atMost(way, smallest)),
  )
}

type UsageChange = { change: 'requestedUsage'; to: Quantity }

export const requesting = (to: Quantity): UsageChange => ({ change: 'requestedUsage', to })

const isNumeric = (change: Way[number]): change is UsageChange =>
  change.change === 'requestedUsage' && change.to !== null

/** Returns a way that requests at most an amount. */
const atMost = (way: Way, most: Quantity | null): Way =>
  way.map((change) =>
    isNumeric(change) ? requesting(least([change.to, most]) ?? change.to) : change,
  )

export const least = (quantities: readonly (Quantity | null)[]): Quantity | null =>
  quantities
    .filter((quantity) => quantity !== null)
    .toSorted((one, other) => (one < other ? -1 : 1))[0] ?? null
