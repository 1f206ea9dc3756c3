import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Content, Package, Packages, PackageVersion, Pin } from './types.ts'

/** Returns the newest version of a package that was published at an instant; null if none was. */
export const versionAt = ({ versions }: Package, at: Instant): PackageVersion | null =>
  versions.findLast(({ publishedAt }) => publishedAt <= at) ?? null

export const isArchivedAt = ({ archivals }: Package, at: Instant): boolean =>
  archivals.some(({ from, until }) => from <= at && (until === null || at < until))

/**
 * Returns the packages that what is due at an instant meets: as they were until then, without what
 * was published, archived or brought back at that very millisecond. Due work may be stored before
 * or after that, and must come to the same. A first version counts all the same.
 */
export function packagesBefore(packages: Packages, at: Instant): Packages {
  const after = (instant: Instant): Instant => (instant === at ? at + 1 : instant)
  const isOfThen = ({ versions, archivals }: Package) =>
    versions.some(({ publishedAt }, index) => index > 0 && publishedAt === at) ||
    archivals.some(({ from, until }) => from === at || until === at)
  if (![...packages.values()].some(isOfThen)) return packages
  const before = ({ versions, archivals, ...other }: Package): Package => ({
    ...other,
    versions: versions.map((each, index) =>
      index === 0 ? each : { ...each, publishedAt: after(each.publishedAt) },
    ),
    archivals: archivals.map(({ from, until }) => ({
      from: after(from),
      until: until === null ? null : after(until),
    })),
  })
  return new Map([...packages].map(([key, each]) => [key, before(each)]))
}

/** Returns whether a package can be part of something new at an instant. */
export function isOnSale(packages: Packages, key: Uuid, at: Instant): boolean {
  const found = packages.get(key)
  return found !== undefined && versionAt(found, at) !== null && !isArchivedAt(found, at)
}

/** Returns the content of a pin. */
export function versionOf(packages: Packages, { packageKey, version }: Pin): PackageVersion {
  const found = packages.get(packageKey)?.versions.find((each) => each.version === version)
  return required(found, 'the content of a pinned version')
}

/**
 * Returns the newest versions of a plan, of all plans that it inherits from, and of add-ons. All
 * must have been published.
 */
export const pinLatest = (
  { planKey, addons }: { planKey: Uuid } & Pick<Content, 'addons'>,
  at: Instant,
  packages: Packages,
): Pin[] => [
  ...planChain(planKey, packages, (key) => latestPin(packages, key, at)),
  ...addons.map(({ addonKey }) => latestPin(packages, addonKey, at)),
]

/** Returns the newest version of a package, which must have been published. */
function latestPin(packages: Packages, packageKey: Uuid, at: Instant): Pin {
  const found = required(packages.get(packageKey), 'a pinned package')
  const { version } = required(versionAt(found, at), 'a published version')
  return { packageKey, version }
}

/**
 * Returns the pins of a subscription after a version was published for all customers. Only this
 * package moves. If the plan inherits from other plans then, those that were not pinned are pinned
 * in their newest version.
 */
export function repin(
  { planKey, pins }: { planKey: Uuid; pins: readonly Pin[] },
  to: Pin,
  { at, packages }: { at: Instant; packages: Packages },
): Pin[] {
  const pinned = (key: Uuid): Pin | undefined =>
    key === to.packageKey ? to : pins.find(({ packageKey }) => packageKey === key)
  const chain = planChain(planKey, packages, (key) => pinned(key) ?? latestPin(packages, key, at))
  return [...chain, ...addonPins(pins, packages).map((pin) => pinned(pin.packageKey) ?? pin)]
}

/**
 * Returns the pins of a subscription after its add-ons have changed. Those that stay keep their
 * version, and new ones get the newest.
 */
export function pinAddons(
  pins: readonly Pin[],
  addons: Content['addons'],
  { at, packages }: { at: Instant; packages: Packages },
): Pin[] {
  const kept = addonPins(pins, packages)
  return [
    ...planPins(pins, packages),
    ...addons.map(
      ({ addonKey }) =>
        kept.find(({ packageKey }) => packageKey === addonKey) ?? latestPin(packages, addonKey, at),
    ),
  ]
}

/** Returns the pins of the plan and its ancestors, nearest first. */
export const planPins = (pins: readonly Pin[], packages: Packages): Pin[] =>
  pins.filter(({ packageKey }) => packages.get(packageKey)?.type === 'Plan')

/** Returns the pins of the add-ons. */
const addonPins = (pins: readonly Pin[], packages: Packages): Pin[] =>
  pins.filter(({ packageKey }) => packages.get(packageKey)?.type === 'Addon')

/** Follows the parents of a plan. A plan that comes again ends the chain. */
function planChain(planKey: Uuid, packages: Packages, pinOf: (key: Uuid) => Pin): Pin[] {
  const chain = new Map<Uuid, Pin>()
  for (let key: Uuid | null = planKey; key !== null && !chain.has(key); ) {
    const pin = pinOf(key)
    chain.set(key, pin)
    key = versionOf(packages, pin).parentKey
  }
  return [...chain.values()]
}
