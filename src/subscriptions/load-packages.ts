import { findPublished, type PublishedPackage } from '../catalog/packages/index.ts'
import type { Reader } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Line, Package, Packages, Pin, Subscription } from './types.ts'

/**
 * Returns all packages that lines can meet until now, and others by their keys. The versions are
 * those that the lines have, and those that were published since they were settled.
 */
export async function loadPackages(
  reader: Reader,
  lines: readonly Line[],
  others: { keys: readonly Uuid[]; now: Instant; pins?: readonly Pin[] },
): Promise<Packages> {
  const subscriptions = lines.flatMap((line) => line.subscriptions)
  const pins = uniquePins([...subscriptions.flatMap((each) => each.pins), ...(others.pins ?? [])])
  const keys = new Set([
    ...others.keys,
    ...pins.map(({ packageKey }) => packageKey),
    ...subscriptions.flatMap(packagesOf),
  ])
  if (keys.size === 0) return new Map()
  const since = Math.min(others.now, ...lines.map(({ settledAt }) => settledAt))
  const found = await findPublished(reader, { keys: [...keys], pins, since })
  return new Map(found.map((each) => [each.key, packageFrom(each)]))
}

const uniquePins = (pins: readonly Pin[]): Pin[] => [
  ...new Map(pins.map((pin) => [`${pin.packageKey} ${pin.version}`, pin])).values(),
]

/** The plans and add-ons that a subscription names: those it has, and those that may come. */
function packagesOf({
  planKey,
  content,
  ending,
  cancellation,
  trial,
  updates,
}: Subscription): Uuid[] {
  const followers = [ending, cancellation, trial].flatMap((end) => end?.successor?.planKey ?? [])
  const ofUpdates = updates.flatMap(({ change }) => {
    if ('successor' in change)
      return [change.successor.planKey, ...change.content.addons.map(({ addonKey }) => addonKey)]
    return change.type === 'ADDON' ? [change.addonKey] : []
  })
  return [planKey, ...content.addons.map(({ addonKey }) => addonKey), ...followers, ...ofUpdates]
}

const packageFrom = ({ versions, ...published }: PublishedPackage): Package => ({
  ...published,
  versions: versions.map(({ defaultTrial, ...version }) => ({
    ...version,
    defaultTrial: defaultTrial && {
      length: { unit: defaultTrial.units, count: defaultTrial.duration },
      endBehavior: defaultTrial.trialEndBehavior,
    },
  })),
})
