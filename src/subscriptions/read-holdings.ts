import type { HeldSubscription, Holding, ReadHoldings, VersionPin } from '../entitlements/index.ts'
import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { givesAccess } from './change-line.ts'
import type { StoredLine } from './line-store.ts'
import { type LinesAt, loadLinesAt } from './lines-at-store.ts'
import { loadPackages } from './load-packages.ts'
import { nextChange, timeline } from './timeline.ts'
import type { Line, Packages, Subscription, TransitionKind } from './types.ts'

/**
 * Returns what customers hold or held, in the order of the queries: the revisions of then, with
 * everything that was due by then, even if it is not stored yet. One statement; two if something is
 * due.
 */
export const readHoldings: ReadHoldings = async (reader, queries) => {
  const found = await loadLinesAt(reader, queries)
  const asked = queries.map(({ at }, index) => ({
    at,
    ...required(found[index], 'the lines of a query'),
  }))
  const late = asked.flatMap(({ at, lines }) => lines.filter(({ line }) => isLate(line, at)))
  const packages =
    late.length === 0
      ? NO_PACKAGES
      : await loadPackages(
          reader,
          late.map(({ line }) => line),
          { keys: [], now: Math.max(...queries.map(({ at }) => at)) },
        )
  return asked.map(({ at, ...lines }) => holdingAt(lines, at, packages))
}

const NO_PACKAGES: Packages = new Map()

/** Returns whether something changes the line that is not applied yet. */
const isLate = (line: Line, at: Instant): boolean =>
  line.settledAt < at && (nextChange(line) ?? at + 1) <= at

/** Returns what a customer holds at an instant. `packages` are those that late lines can meet. */
function holdingAt({ lines, pinned, endedAt }: LinesAt, at: Instant, packages: Packages): Holding {
  const nameOf = ({ packageKey, version }: { packageKey: Uuid; version: number }) =>
    `${packageKey} ${version}`
  const versions = new Map(pinned.map((version) => [nameOf(version), version]))
  for (const { key: packageKey, id, type, versions: published } of packages.values())
    for (const { version, publishedAt } of published)
      versions.set(nameOf({ packageKey, version }), { packageKey, id, type, version, publishedAt })
  const settled = lines.map((stored) => settle(stored, at, packages))
  const changes = settled.flatMap(({ line }) => nextChange(line) ?? [])
  const heldOf = (subscription: Subscription, { since, resourceKey }: SettledLine) => {
    const pins = subscription.pins.map((pin) =>
      required(versions.get(nameOf(pin)), 'the version of a pin'),
    )
    return {
      ...partsOf(subscription, pins),
      resourceKey,
      since: required(since.get(subscription.key), 'when a revision began'),
    }
  }
  return {
    subscriptions: settled.flatMap((line) =>
      line.line.subscriptions.filter(givesAccess).map((each) => heldOf(each, line)),
    ),
    since: Math.max(endedAt, ...settled.flatMap(({ since }) => [...since.values()])),
    until: changes.length === 0 ? null : Math.min(...changes),
  }
}
type PinnedPackage = VersionPin & { type: 'Plan' | 'Addon' }

/** Returns what entitlements follow from. */
function partsOf(
  { id, status, usageAnchor, content }: Subscription,
  pins: readonly PinnedPackage[],
): Omit<HeldSubscription, 'since' | 'resourceKey'> {
  const ofType = (asked: PinnedPackage['type']): VersionPin[] =>
    pins.filter(({ type }) => type === asked).map(({ type: _, ...pin }) => pin)
  return {
    id,
    isTrial: status === 'IN_TRIAL',
    usageAnchor,
    plans: ofType('Plan'),
    addons: ofType('Addon').map((pin) => {
      const addon = content.addons.find(({ addonKey }) => addonKey === pin.packageKey)
      return { pin, quantity: required(addon, 'the add-on of a pin').quantity }
    }),
    units: content.units,
    overrides: content.overrides,
  }
}

/** A line as of an instant, and since when each of its subscriptions has been as it is. */
type SettledLine = Pick<StoredLine, 'resourceKey' | 'line'> & { since: ReadonlyMap<Uuid, Instant> }

/** Transitions that make no revision. */
const QUIET: readonly TransitionKind[] = [
  'PERIOD_STARTED',
  'TRIAL_ENDS_SOON',
  'BILLING_MONTH_ENDS_SOON',
]

/** Returns a line with everything applied that changes it until an instant (inclusive). */
function settle(
  { resourceKey, line: stored, revisions }: StoredLine,
  at: Instant,
  packages: Packages,
): SettledLine {
  const since = new Map([...revisions].map(([key, revision]) => [key, revision.since]))
  if (!isLate(stored, at)) return { resourceKey, line: stored, since }
  let line = stored
  while (line.settledAt < at) {
    const change = timeline(line, at, packages)
    for (const { kind, after, at: then } of change.transitions)
      if (!QUIET.includes(kind)) since.set(after.key, then)
    line = change.line
  }
  return { resourceKey, line, since }
}
