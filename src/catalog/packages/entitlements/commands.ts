import type { Tx } from '../../../db/index.ts'
import { publish } from '../../../events/index.ts'
import { required } from '../../../kernel/assert.ts'
import type { Instant } from '../../../kernel/clock.ts'
import { refuseOutdated } from '../../../kernel/etag.ts'
import { type Field, inBody, inPath } from '../../../kernel/field.ts'
import { wholeUnits } from '../../../kernel/quantity.ts'
import type { Call } from '../../../operation.ts'
import { lockCatalog } from '../../catalog-store.ts'
import type { CatalogCall } from '../../change-in-catalog.ts'
import { type Currency, holdCurrencies, unknownCurrency } from '../../currencies/index.ts'
import { type Feature, holdFeatures, unknownFeature } from '../../features/index.ts'
import { savePackage } from '../change-store.ts'
import { eventOf, PACKAGES } from '../kinds.ts'
import { lockPackageByKey } from '../store.ts'
import type { PackageAtVersion, VersionKey } from '../types.ts'
import * as change from './change-entitlement.ts'
import { lockDraft, requireDraft } from './draft.ts'
import * as rules from './entitlements-of-version.ts'
import { creditOfPackage, featureOfPackage, type MakeContext } from './make-entitlement.ts'
import * as store from './store.ts'
import type {
  EntitlementChange,
  EntitlementInput,
  Holder,
  PackageEntitlement,
  PackagePath,
} from './types.ts'
import { entitlementToWire } from './wire.ts'

const LIST = inBody('entitlements')

/**
 * Adds entitlements to the draft of a package: all of them or none. 404 `PlanNotFound`,
 * `AddonNotFound`, `FeatureNotFound`, `CustomCurrencyNotFound`. 409 if the draft has one of them
 * already. 400 `EntityIsArchivedError`, `EditAllowedOnDraftPackageOnlyError`, and as
 * `featureOfPackage`, `creditOfPackage` and `refuseTooLarge`.
 */
export const addEntitlements = (
  call: Call,
  path: PackagePath,
  inputs: readonly EntitlementInput[],
): Promise<PackageEntitlement[]> =>
  changeDraft(call, path, async (tx, { of, holder, present, now }) => {
    const objects = await holdObjects(tx, call, inputs.flatMap(namesOf))
    rules.refuseRepeated(inputs, present, LIST)
    const first = rules.nextOrder(present)
    const added = inputs.map((input, index) =>
      makeOf(input, objects, {
        holder,
        key: call.app.ids.next(now),
        order: first + wholeUnits(index),
        now,
        where: LIST.at(index).of(input.id),
      }),
    )
    rules.refuseTooLarge([...present, ...added], LIST)
    await store.saveEntitlements(tx, { ...of, scope: call.scope }, added)
    return { result: added, before: [], after: added }
  })

/**
 * Changes an entitlement of the draft. 404 `PlanNotFound`, `AddonNotFound`; `FeatureNotFound` or
 * `CustomCurrencyNotFound` if the draft has no entitlement of the id. 400 `BadUserInput` if it has
 * another type, and otherwise as `addEntitlements`.
 */
export const updateEntitlement = (
  call: Call,
  path: PackagePath & { targetId: string },
  input: EntitlementChange,
): Promise<PackageEntitlement> =>
  changeDraft(call, path, async (tx, { of, holder, present, now }) => {
    const before = findFor(input, present, path.targetId)
    refuseOutdated(call, () => entitlementToWire(before))
    const context = { holder, now, where: inBody().of(path.targetId) }
    const after = await changedOf(tx, call, { before, input, context })
    if (after === before) return { result: before, before: [], after: [] }
    rules.refuseTooLarge([...present.filter((each) => each !== before), after], inBody())
    await store.saveEntitlements(tx, { ...of, scope: call.scope }, [after])
    return { result: after, before: [before], after: [after] }
  })

/**
 * Removes an entitlement from the draft and returns it. If a feature and a currency have the id,
 * that of the feature. 404 `PlanNotFound`, `AddonNotFound`, `FeatureNotFound`; 400
 * `EditAllowedOnDraftPackageOnlyError`.
 */
export const removeEntitlement = (
  call: Call,
  path: PackagePath & { targetId: string },
): Promise<PackageEntitlement> =>
  changeDraft(call, path, async (tx, { of, present }) => {
    const before = findAny(present, path.targetId)
    if (before === undefined) throw unknownFeature(inPath('id'), path.targetId)
    refuseOutdated(call, () => entitlementToWire(before))
    await store.deleteEntitlements(tx, of, [before.key])
    return { result: before, before: [before], after: [] }
  })

/**
 * Replaces the entitlements of the draft by a list, in the order of the list. An entitlement of the
 * same feature or currency as before is changed and stays the same one. Errors as
 * `addEntitlements`; 409 only if the list has a feature or a currency twice.
 */
export const replaceEntitlements = (
  call: Call,
  path: PackagePath,
  inputs: readonly EntitlementInput[],
): Promise<void> =>
  changeDraft(call, path, async (tx, { of, holder, present, now }) => {
    rules.refuseRepeated(inputs, [], LIST)
    const objects = await holdObjects(tx, call, inputs.flatMap(namesOf))
    const known = new Map(present.map((each) => [rules.nameOf(rules.targetOf(each)), each]))
    const replaced = inputs.map((input) => known.get(rules.nameOf(input)) ?? null)
    const orders = rules.ordersOf(replaced.map((before) => before?.order ?? null))
    const stated = inputs.map((input, index) => {
      const key = call.app.ids.next(now)
      const order = required(orders[index], 'an order')
      const where = LIST.at(index).of(input.id)
      const made = makeOf(input, objects, { holder, key, order, now, where })
      const before = replaced[index]
      return before ? change.replacedBy(before, made) : made
    })
    rules.refuseTooLarge(stated, LIST)
    const [was, kept, is] = [new Set(present), new Set(replaced), new Set(stated)]
    const gone = present.filter((each) => !kept.has(each)).map(({ key }) => key)
    const written = stated.filter((each) => !was.has(each))
    if (gone.length > 0) await store.deleteEntitlements(tx, of, gone)
    if (written.length > 0) await store.saveEntitlements(tx, { ...of, scope: call.scope }, written)
    return {
      result: undefined,
      before: present.filter((each) => !is.has(each)),
      after: written,
    }
  })

type Change<T> = {
  result: T
  /** The entitlements that the change replaces or removes, and those that it writes. */
  before: readonly PackageEntitlement[]
  after: readonly PackageEntitlement[]
}
type DraftState = {
  of: VersionKey
  holder: Holder
  present: readonly PackageEntitlement[]
  now: Instant
}

/**
 * Runs `work` under the locks of the catalog and of a package, and publishes what it changes in the
 * draft. 404 `PlanNotFound`, `AddonNotFound`; 400 as `requireDraft`.
 */
function changeDraft<T>(
  call: Call,
  path: PackagePath,
  work: (tx: Tx, state: DraftState) => Promise<Change<T>>,
): Promise<T> {
  const { app, scope } = call
  return app.db.transaction(async (tx) => {
    await lockCatalog(tx, scope)
    const draft = await lockDraft(tx, scope, path)
    const of = requireDraft(draft)
    const present = await store.entitlementsOf(tx, of)
    const now = app.clock.now()
    const holder = { type: draft.type, pricingType: draft.content.pricingType }
    const change = await work(tx, { of, holder, present, now })
    if (change.before.length > 0 || change.after.length > 0)
      await saveDraft(tx, { ...call, now }, { draft, change })
    return change.result
  })
}

/** The event has the form of all events of packages, and the entitlements that changed. */
async function saveDraft(
  tx: Tx,
  call: CatalogCall,
  { draft, change }: { draft: PackageAtVersion; change: Change<unknown> },
): Promise<void> {
  const { type, id, key, content } = draft
  const updatedAt = call.now
  await savePackage(tx, call.scope, { ...draft, updatedAt, content: { ...content, updatedAt } })
  const after = await lockPackageByKey(tx, key, 'DRAFT_FIRST')
  const wire = (version: PackageAtVersion, changed: readonly PackageEntitlement[]) => ({
    ...PACKAGES[type].toWire(version),
    changedEntitlements: changed.map(entitlementToWire),
  })
  const event = {
    type: eventOf(type, 'draft_changed'),
    customerKey: null,
    objectId: id,
    before: wire(draft, change.before),
    after: wire(after, change.after),
  }
  await publish(tx, call, [event])
}

type Objects = {
  features: ReadonlyMap<string, Feature>
  currencies: ReadonlyMap<string, Currency>
}

type Name = { kind: 'feature' | 'currency'; id: string; where: Field }

/** Returns what an input refers to, with its place in the request. */
function namesOf(input: EntitlementInput, index: number): Name[] {
  const where = LIST.at(index).of(input.id)
  if (input.type === 'FEATURE') return [{ kind: 'feature', id: input.id, where: where.at('id') }]
  const named: Name[] = [{ kind: 'currency', id: input.id, where: where.at('id') }]
  const { dependencyFeatureId } = input
  if (dependencyFeatureId !== null) named.push(dependencyNamed(dependencyFeatureId, where))
  return named
}

const dependencyNamed = (id: string, where: Field): Name => ({
  kind: 'feature',
  id,
  where: where.at('dependencyFeatureId'),
})

/** Holds features and currencies until the transaction ends. 404 for the first unknown one. */
async function holdObjects(tx: Tx, { scope }: Call, names: readonly Name[]): Promise<Objects> {
  const idsOf = (kind: Name['kind']) =>
    names.flatMap((name) => (name.kind === kind ? [name.id] : []))
  const byId = <T extends { id: string }>(found: readonly T[]) =>
    new Map(found.map((each) => [each.id, each]))
  const features = byId(await holdFeatures(tx, scope, idsOf('feature')))
  const currencies = byId(await holdCurrencies(tx, scope, idsOf('currency')))
  for (const { kind, id, where } of names) {
    if (kind === 'feature' && !features.has(id)) throw unknownFeature(where, id)
    if (kind === 'currency' && !currencies.has(id)) throw unknownCurrency(where, id)
  }
  return { features, currencies }
}

const heldFeature = ({ features }: Objects, id: string): Feature =>
  required(features.get(id), 'a feature that is held')

function makeOf(
  input: EntitlementInput,
  objects: Objects,
  context: MakeContext,
): PackageEntitlement {
  if (input.type === 'FEATURE')
    return featureOfPackage(input, heldFeature(objects, input.id), context)
  const { id, dependencyFeatureId } = input
  const currency = required(objects.currencies.get(id), 'a currency that is held')
  const dependency = dependencyFeatureId === null ? null : heldFeature(objects, dependencyFeatureId)
  return creditOfPackage(input, { currency, dependency }, context)
}

type Revision = {
  before: PackageEntitlement
  input: EntitlementChange
  context: change.ChangeContext
}

async function changedOf(
  tx: Tx,
  call: Call,
  { before, input, context }: Revision,
): Promise<PackageEntitlement> {
  const { where } = context
  if (before.type === 'FEATURE' && input.type === 'FEATURE') {
    const { id } = before.feature
    const objects = await holdObjects(tx, call, [{ kind: 'feature', id, where }])
    const feature = heldFeature(objects, id)
    return change.changeFeatureOfPackage(before, input, { ...context, feature })
  }
  if (before.type === 'CREDIT' && input.type === 'CREDIT') {
    const id = input.dependencyFeatureId ?? null
    const names = id === null ? [] : [dependencyNamed(id, where)]
    const objects = await holdObjects(tx, call, names)
    const dependency = id === null ? null : heldFeature(objects, id)
    return change.changeCreditOfPackage(before, input, { ...context, dependency })
  }
  throw change.otherType(before, where)
}

const findAny = (present: readonly PackageEntitlement[], id: string) => {
  const found = present.filter((each) => rules.targetOf(each).id === id)
  return found.find(({ type }) => type === 'FEATURE') ?? found[0]
}

/** Returns the entitlement of the id, that of the type in the change if there are two. */
function findFor(
  { type }: EntitlementChange,
  present: readonly PackageEntitlement[],
  id: string,
): PackageEntitlement {
  const same = present.find((each) => each.type === type && rules.targetOf(each).id === id)
  const found = same ?? findAny(present, id)
  if (found !== undefined) return found
  throw type === 'FEATURE' ? unknownFeature(inPath('id'), id) : unknownCurrency(inPath('id'), id)
}
