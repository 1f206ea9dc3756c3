import type { CatalogAddon, CatalogPlan, CatalogProduct } from '../../api.gen.ts'
import type { PackageAtVersion, PackageInput, Peer } from '../packages/index.ts'
import {
  changeContent,
  leadsTo,
  linksBy,
  newFromWire,
  newPackage,
  trialFromWire,
} from '../packages/index.ts'
import {
  changeProduct,
  newProduct,
  newProductFromWire,
  settingsFromWire,
} from '../products/index.ts'
import type { Place } from './items.ts'
import type { Entry, Mistakes } from './mistakes.ts'

/** Where rules get what nothing in a document depends on. */
const AT = { key: '', versionKey: '', now: 0, peers: [] }

/** A product of a document with its plans and add-ons. */
export type ProductEntries = {
  product: Entry<CatalogProduct>
  plans: Entry<CatalogPlan>[]
  addons: Entry<CatalogAddon>[]
}

/** A plan or an add-on of a document, as if it were published. Its id stands for its key. */
type DocumentPackage = {
  entry: Entry<CatalogPlan> | Entry<CatalogAddon>
  content: PackageAtVersion
  peer: Peer
}

/** Adds what is wrong with the plans, the add-ons and the settings of a product. */
export function packageMistakes(of: ProductEntries, mistakes: Mistakes): void {
  const described = [
    ...of.plans.flatMap((entry) => describe('Plan', entry, of)),
    ...of.addons.flatMap((entry) => describe('Addon', entry, of)),
  ]
  const peersFor = peersOf(described.map(({ peer }) => peer))
  for (const { entry, content, peer } of described) {
    if (!entry.isSound) continue
    const peers = peersFor(peer)
    for (const { input, within } of namesIn(entry.value))
      mistakes.checkAt([...entry.place, ...within], () =>
        changeContent(content, input, { now: 0, peers }),
      )
  }
  for (const { isSound, value, place } of of.plans) {
    const { defaultTrialConfig: trial } = isSound ? value : {}
    if (trial !== undefined) mistakes.check(place, () => trialFromWire(trial))
  }
  if (of.product.isSound) settingsMistakes(of, described, mistakes)
}

function describe(
  type: 'Plan' | 'Addon',
  entry: Entry<CatalogPlan> | Entry<CatalogAddon>,
  { product }: ProductEntries,
): DocumentPackage[] {
  const { id, value, isSound } = entry
  if (id === null) return []
  const body = { ...(isSound ? value : { displayName: id, pricingType: null }), id, productId: '' }
  const created = newPackage(
    { id, type, product: { key: '', id: product.id ?? '' } },
    newFromWire(body),
    { ...AT, key: id },
  )
  const content = { ...created, latestVersion: 1 }
  const links: Links = isSound ? value : {}
  const peer: Peer = {
    key: id,
    id,
    type,
    isArchived: false,
    isPublished: true,
    pricingType: content.content.pricingType,
    parentKey: links.parentPlanId || null,
    compatibleAddonKeys: links.compatibleAddonIds ?? [],
    dependencyKeys: links.dependencies ?? [],
  }
  return [{ entry, content, peer }]
}

/**
 * Returns the peers that the rules compare a package with. The rules expect that no others are in a
 * cycle, so that each cycle is refused for the packages in it.
 */
function peersOf(peers: readonly Peer[]): (of: Peer) => readonly Peer[] {
  const parents = linksBy(peers, ({ parentKey }) => (parentKey === null ? [] : [parentKey]))
  const needed = linksBy(peers, ({ dependencyKeys }) => dependencyKeys)
  const isCircular = ({ key }: Peer): boolean =>
    [parents, needed].some((links) => leadsTo(links, links.get(key) ?? [], key))
  const straight = peers.map((peer) =>
    isCircular(peer) ? { ...peer, parentKey: null, dependencyKeys: [] } : peer,
  )
  return (of) => (isCircular(of) ? peers : straight)
}

/** Each name is checked by itself, so that all wrong ones are found. */
function namesIn(value: CatalogPlan | CatalogAddon): { input: PackageInput; within: Place }[] {
  const { parentPlanId, compatibleAddonIds = [], dependencies = [] }: Links = value
  const parent = parentPlanId
    ? [{ input: { parentId: parentPlanId }, within: ['parentPlanId'] }]
    : []
  const compatible = compatibleAddonIds.map((_, index, ids) => ({
    input: { compatibleAddonIds: withRepeat(ids, index) },
    within: ['compatibleAddonIds', index],
  }))
  const needed = dependencies.map((_, index, ids) => ({
    input: { dependencyIds: withRepeat(ids, index) },
    within: ['dependencies', index],
  }))
  return [...parent, ...compatible, ...needed].map(({ input, within }) => ({
    input: { ...input, hasCharges: false },
    within,
  }))
}

type Links = { parentPlanId?: string; compatibleAddonIds?: string[]; dependencies?: string[] }

/** Returns the id at an index, twice if it repeats an earlier one. */
const withRepeat = (ids: readonly string[], index: number): string[] =>
  ids.filter((id, at) => at <= index && id === ids[index]).slice(0, 2)

/** The start and the end are checked by themselves. */
function settingsMistakes(
  { product: { value, place } }: ProductEntries,
  described: readonly DocumentPackage[],
  mistakes: Mistakes,
): void {
  if (value.productSettings === undefined) return
  const settings = settingsFromWire(value.productSettings)
  const product = newProduct(value.id, newProductFromWire(value), { key: '', now: 0 })
  const plans = described.map(({ content }) => content)
  const start = { ...settings, endSetup: 'CANCEL_SUBSCRIPTION' as const, downgradePlan: null }
  const end = { ...settings, startSetup: 'PLAN_SELECTION' as const, startPlan: null }
  for (const each of [start, end])
    mistakes.check(place, () => changeProduct(product, { settings: each }, { now: 0, plans }))
}
