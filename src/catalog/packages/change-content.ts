import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../kernel/clock.ts'
import { badInput, notFound } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import { firstRepeat } from '../../kernel/first-repeat.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { patchMetadata, refuseOversized } from '../../kernel/metadata.ts'
import { sent } from '../../kernel/patch.ts'
import { refuseUnchangeable } from './change-versions.ts'
import { INHERITANCE_LIMIT } from './entitlements/inherit.ts'
import { leadsTo, linksBy, longestChain } from './links.ts'
import type { Peer } from './store.ts'
import type {
  NewPackageInput,
  PackageAtVersion,
  PackageInput,
  PackageStatus,
  PackageType,
  Reference,
} from './types.ts'

/** Returns a new package, with its first draft. 400 and 404 as `changeContent`. */
export function newPackage(
  { id, type, product }: { id: string; type: PackageType; product: Reference },
  input: NewPackageInput,
  at: { key: Uuid; versionKey: Uuid; now: Instant; peers: readonly Peer[] },
): PackageAtVersion {
  refuseOtherStatus(input.status)
  const created: PackageAtVersion = {
    key: at.key,
    id,
    type,
    product,
    latestVersion: null,
    draftVersion: 1,
    createdAt: at.now,
    updatedAt: at.now,
    archivedAt: null,
    isArchivedWithProduct: false,
    content: {
      key: at.versionKey,
      version: 1,
      displayName: input.displayName,
      description: input.description,
      billingId: input.billingId,
      pricingType: input.pricingType,
      parent: null,
      compatibleAddons: null,
      defaultTrial: input.defaultTrial,
      maxQuantity: input.maxQuantity,
      dependencies: [],
      entitlements: [],
      metadata: patchMetadata({}, input.metadata),
      createdAt: at.now,
      updatedAt: at.now,
      publishedAt: null,
    },
  }
  const parent = input.parentId === null ? null : parentNamed(created, input.parentId, at.peers)
  return { ...created, content: { ...created.content, parent } }
}

/**
 * Returns a package after a change of its draft, or the same object if nothing differs. `peers`
 * are all packages of its product. 400 as `refuseUnchangeable`, `InvalidArgumentError`,
 * `PlansCircularDependencyError`, `EntityIsArchivedError` for an archived package that is named,
 * `InvalidMetadataError`; 404 `PlanNotFound` and `AddonsNotFound` for what the product does not
 * have.
 */
export function changeContent(
  before: PackageAtVersion,
  input: PackageInput,
  { now, peers }: { now: Instant; peers: readonly Peer[] },
): PackageAtVersion {
  refuseUnchangeable(before)
  if (input.hasCharges)
    throw badInput(inBody('charges'), 'charges: not served yet', 'UnsupportedParameter')
  refuseOtherStatus(input.status)
  const was = before.content
  const content = {
    ...was,
    displayName: sent(input.displayName, was.displayName),
    description: sent(input.description, was.description),
    billingId: sent(input.billingId, was.billingId),
    parent:
      typeof input.parentId === 'string'
        ? parentNamed(before, input.parentId, peers)
        : sent(input.parentId, was.parent),
    compatibleAddons: input.compatibleAddonIds
      ? compatibleAddonsNamed(before, input.compatibleAddonIds, peers)
      : sent(input.compatibleAddonIds, was.compatibleAddons),
    defaultTrial: sent(input.defaultTrial, was.defaultTrial),
    maxQuantity: sent(input.maxQuantity, was.maxQuantity),
    dependencies:
      input.dependencyIds === undefined
        ? was.dependencies
        : dependenciesNamed(before, input.dependencyIds ?? [], peers),
    metadata: patchMetadata(was.metadata, input.metadata),
  }
  refuseOversized(content.metadata, before.id, inBody('metadata'))
  if (isDeepStrictEqual(was, content)) return before
  return { ...before, updatedAt: now, content: { ...content, updatedAt: now } }
}

/** Packages are published, and archived, by operations of their own. */
function refuseOtherStatus(status: PackageStatus | undefined): void {
  if (status !== undefined && status !== 'DRAFT')
    throw badInput(inBody('status'), 'status: only DRAFT can be set', 'InvalidArgumentError')
}

function parentNamed(child: PackageAtVersion, id: string, peers: readonly Peer[]) {
  const field = inBody('parentPlanId')
  const plan = peers.findLast((each) => each.id === id && each.type === 'Plan')
  if (plan === undefined)
    throw notFound(
      field,
      'PlanNotFound',
      `parentPlanId: product ${child.product.id} has no plan ${id}`,
    )
  refuseArchived(plan, 'parentPlanId')
  const parents = linksBy(peers, ({ parentKey }) => (parentKey === null ? [] : [parentKey]))
  if (leadsTo(parents, [plan.key], child.key))
    throw badInput(
      field,
      `parentPlanId: the plan ${id} inherits from ${child.id}`,
      'PlansCircularDependencyError',
    )
  const own = [...(parents.get(child.key) ?? []), plan.key]
  if (longestChain(new Map([...parents, [child.key, own]])) > INHERITANCE_LIMIT)
    throw badInput(
      field,
      `parentPlanId: a plan inherits through at most ${INHERITANCE_LIMIT} others`,
      'InvalidArgumentError',
    )
  return referenceTo(plan)
}

function compatibleAddonsNamed(
  plan: PackageAtVersion,
  ids: readonly string[],
  peers: readonly Peer[],
) {
  const addons = addonsNamed(plan, ids, { name: 'compatibleAddonIds', peers })
  // A pricing type never changes after the creation. If it could, a publication and a change of the
  // add-on would have to refuse this, too.
  const { pricingType } = plan.content
  if (pricingType === 'FREE' && addons.length > 0)
    throw badInput(
      inBody('compatibleAddonIds'),
      `compatibleAddonIds: the plan ${plan.id} is FREE and cannot have add-ons`,
      'InvalidArgumentError',
    )
  const custom = addons.find((each) => each.pricingType === 'CUSTOM')
  if (pricingType === 'PAID' && custom !== undefined)
    throw badInput(
      inBody('compatibleAddonIds'),
      `compatibleAddonIds: the add-on ${custom.id} is CUSTOM, and the plan ${plan.id} is PAID`,
      'InvalidArgumentError',
    )
  return addons.map(referenceTo)
}

function dependenciesNamed(
  addon: PackageAtVersion,
  ids: readonly string[],
  peers: readonly Peer[],
) {
  const addons = addonsNamed(addon, ids, { name: 'dependencies', peers })
  const needed = linksBy(peers, ({ dependencyKeys }) => dependencyKeys)
  const circular = addons.find(({ key }) => leadsTo(needed, [key], addon.key))
  if (circular !== undefined)
    throw badInput(
      inBody('dependencies'),
      `dependencies: the add-on ${addon.id} cannot need ${circular.id}: that would be a cycle`,
      'InvalidArgumentError',
    )
  return addons.map(referenceTo)
}

function addonsNamed(
  by: PackageAtVersion,
  ids: readonly string[],
  { name, peers }: { name: string; peers: readonly Peer[] },
): Peer[] {
  const repeat = firstRepeat(ids)
  if (repeat !== null)
    throw badInput(
      inBody(name, repeat.index),
      `${name}: ${ids[repeat.index]} appears twice`,
      'InvalidArgumentError',
    )
  return ids.map((id) => {
    const addon = peers.findLast((each) => each.id === id && each.type === 'Addon')
    if (addon === undefined)
      throw notFound(
        inBody(name),
        'AddonsNotFound',
        `${name}: product ${by.product.id} has no add-on ${id}`,
      )
    refuseArchived(addon, name)
    return addon
  })
}

const referenceTo = ({ key, id }: Peer): Reference => ({ key, id })

function refuseArchived({ id, isArchived }: Peer, name: string): void {
  if (isArchived)
    throw badInput(inBody(name), `${name}: ${id} is archived`, 'EntityIsArchivedError')
}
