import type { OperationId } from '../api.gen.ts'
import type { Change } from '../events/index.ts'

/** The path parameters, query and body of a request. */
export type RequestInput = {
  readonly params: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Returns the data of a response, or null if the changes do not determine it. */
type ChangeAnswer = (changes: readonly Change[], stated: RequestInput) => unknown

/** The object of the change with one of these types, as it was after the change. */
const object =
  (...types: readonly string[]): ChangeAnswer =>
  (changes) =>
    changes.find(({ type }) => types.includes(type))?.after ?? null

/**
 * All objects that a list of the request names. An object that already was as requested has no
 * event.
 */
const objects =
  (types: readonly string[], ...lists: readonly string[]): ChangeAnswer =>
  (changes, { body }) => {
    const changed = changes.filter(({ type }) => types.includes(type))
    return changed.length === listIn(body, lists).length ? changed.map(({ after }) => after) : null
  }

const ids: ChangeAnswer = (_, { body }) => ({ ids: [...new Set(listIn(body, ['ids']))] })

/** An object with a secret, which no event contains. */
const secretObject =
  (type: string, secret: string): ChangeAnswer =>
  (changes) => {
    const after = changes.find((change) => change.type === type)?.after ?? null
    return after === null ? null : { ...after, [secret]: null }
  }

/** A link of the customer that was changed. */
const link =
  (state: 'before' | 'after'): ChangeAnswer =>
  (changes, { params, body }) => {
    const wanted = params.integrationId ?? fieldIn(body, 'id')
    const customer = changes.find(({ type }) => type === 'customer.updated')?.[state]
    const found = listIn(customer, ['integrations']).find((each) => fieldIn(each, 'id') === wanted)
    return found === undefined ? null : { ...Object(found), syncData: null }
  }

const fieldIn = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Returns the first of the lists that exists. */
function listIn(value: unknown, names: readonly string[]): readonly unknown[] {
  const lists = names.map((name) => fieldIn(value, name))
  return lists.find((list): list is unknown[] => Array.isArray(list)) ?? []
}

/** The event of a change of settings has the id of their environment. */
const settings: ChangeAnswer = (changes) => {
  const { id: _, ...chosen } =
    changes.find(({ type }) => type === 'environment.updated')?.after ?? {}
  return Object.keys(chosen).length === 0 ? null : chosen
}

/** Who keeps a role in another environment is still a member, and has the event of a change. */
const removal: ChangeAnswer = (changes, { params: { userId } }) => {
  const change = changes.find(({ type }) => type === 'member.removed' || type === 'member.updated')
  return change === undefined ? null : { userId, isMember: change.after !== null }
}

/** The package whose draft was discarded. */
const packageId: ChangeAnswer = (_, { params: { id } }) => ({ id })

/** The fields of a subscription that only its events have. */
const withoutEventFields = (event: object | null): object | null => {
  if (event === null) return null
  const { entityId: _, isUpgrade: _1, isDowngrade: _2, ...subscription } = Object(event)
  return subscription
}

/** The subscription that the path names. */
const subscription: ChangeAnswer = (changes, { params: { id } }) =>
  withoutEventFields(changes.findLast(({ objectId }) => objectId === id)?.after ?? null)

/** What was created, or else the subscription that was changed instead. */
const provision: ChangeAnswer = (changes) => {
  const ofSubscriptions = changes.filter(({ type }) => type.startsWith('subscription.'))
  const isSubject = ({ type }: Change) => !type.endsWith('canceled') && !type.endsWith('expired')
  const named =
    ofSubscriptions.find(({ type }) => type === 'subscription.created') ??
    ofSubscriptions.findLast(isSubject)
  const last = ofSubscriptions.findLast(({ objectId }) => objectId === named?.objectId)
  const found = withoutEventFields(last?.after ?? null)
  const listed = changes.find(({ type }) => type === 'entitlements.updated')?.after ?? null
  if (found === null || listed === null) return null
  const id = fieldIn(found, 'id')
  const entitlements = fieldIn(listed, 'entitlements')
  return {
    id,
    status: 'SUCCESS',
    isScheduled: isLater(found, last),
    subscription: found,
    entitlements,
  }
}

/** Whether the subscription is to start, or has got an update that is to come. */
function isLater(subscription: object, change: Change | undefined): boolean {
  if (fieldIn(subscription, 'status') === 'NOT_STARTED') return true
  const isUpdated = fieldIn(change?.before, 'futureUpdates') !== undefined
  const updates = listIn(subscription, ['futureUpdates'])
  return isUpdated && updates.some((each) => fieldIn(each, 'scheduleStatus') === 'SCHEDULED')
}

const subscriptionId: ChangeAnswer = (_, { params: { id } }) => ({ id })

/** The entitlements of a package that a change wrote, or those that it removed. */
function entitlementsOf(changes: readonly Change[], state: 'before' | 'after') {
  const change = changes.find(({ type }) => type.endsWith('.draft_changed'))
  return listIn(change?.[state], ['changedEntitlements'])
}

const addedEntitlements: ChangeAnswer = (changes) => entitlementsOf(changes, 'after')

const entitlement =
  (state: 'before' | 'after'): ChangeAnswer =>
  (changes) =>
    entitlementsOf(changes, state)[0] ?? null

/** The task that was started. */
const taskOf: ChangeAnswer = (changes) => ({
  taskId: changes.find(({ type }) => type === 'task.created')?.objectId ?? null,
})

const CUSTOMER_CHANGED = ['payment_method.attached', 'customer.updated']

/**
 * How to reconstruct the response of an operation from its events, for each write that publishes
 * events.
 */
const ANSWERS: { readonly [Id in OperationId]?: ChangeAnswer } = {
  'v1.customers.provision': object('customer.created'),
  'v1.customers.update': object('customer.updated'),
  'v1.customers.archive': object('customer.deleted'),
  'v1.customers.unarchive': object('customer.updated'),
  'v1.customers.import': (changes) => ({
    newCustomers: changes
      .filter(({ type }) => type === 'customer.created')
      .map(({ objectId }) => objectId),
  }),
  'v1.customers.paymentMethod.attach': object(...CUSTOMER_CHANGED),
  'v1.customers.paymentMethod.detach': object('payment_method.detached'),
  'v1.customers.integrations.link': link('after'),
  'v1.customers.integrations.update': link('after'),
  'v1.customers.integrations.unlink': link('before'),
  'v1.customers.promotionalEntitlements.create': objects(
    ['promotional_entitlement.granted'],
    'promotionalEntitlements',
  ),
  'v1.customers.promotionalEntitlements.update': object('promotional_entitlement.updated'),
  'v1.customers.promotionalEntitlements.revoke': object('promotional_entitlement.revoked'),
  'v1.features.createFeature': object('feature.created'),
  'v1.features.updateFeature': object('feature.updated'),
  'v1.features.archiveFeature': object('feature.deleted'),
  'v1.features.unarchiveFeature': object('feature.updated'),
  'v1.credits.customCurrencies.create': object('credit_type.created'),
  'v1.credits.customCurrencies.update': object('credit_type.updated'),
  'v1.credits.customCurrencies.archive': object('credit_type.archived'),
  'v1.credits.customCurrencies.unarchive': object('credit_type.unarchived'),
  'v1.products.createProduct': object('product.created'),
  'v1.products.updateProduct': object('product.updated'),
  'v1.products.archiveProduct': object('product.deleted'),
  'v1.products.unarchiveProduct': object('product.unarchived'),
  'v1.products.duplicateProduct': object('product.created'),
  // A repetition is executed, and finds nothing left to change.
  'v1.catalog.apply': () => null,
  'v1.plans.create': object('plan.draft_changed'),
  'v1.plans.update': object('plan.draft_changed'),
  'v1.plans.archive': object('plan.deleted'),
  'v1.plans.createDraft': object('plan.draft_changed'),
  'v1.plans.removeDraft': packageId,
  'v1.plans.publish': taskOf,
  'v1.plans.entitlements.create': addedEntitlements,
  'v1.plans.entitlements.update': entitlement('after'),
  'v1.plans.entitlements.delete': entitlement('before'),
  'v1.addons.create': object('addon.draft_changed'),
  'v1.addons.update': object('addon.draft_changed'),
  'v1.addons.archive': object('addon.deleted'),
  'v1.addons.createDraft': object('addon.draft_changed'),
  'v1.addons.removeDraft': packageId,
  'v1.addons.publish': taskOf,
  'v1.subscriptions.provision': provision,
  'v1.subscriptions.update': subscription,
  'v1.subscriptions.cancel': subscription,
  'v1.subscriptions.import': taskOf,
  'v1.subscriptions.migrate': subscription,
  'v1.subscriptions.transfer': subscription,
  'v1.subscriptions.delegate': subscription,
  'v1.subscriptions.futureUpdate.cancelSchedule': subscriptionId,
  'v1.subscriptions.futureUpdate.cancelPendingPayment': subscriptionId,
  'v1.addons.entitlements.create': addedEntitlements,
  'v1.addons.entitlements.update': entitlement('after'),
  'v1.addons.entitlements.delete': entitlement('before'),
  'v1Beta.entityTypes.upsert': objects(['entity_type.created', 'entity_type.updated'], 'types'),
  'v1Beta.entityTypes.archive': ids,
  'v1Beta.entityTypes.unarchive': ids,
  'v1Beta.customers.entities.upsert': objects(['entity.created', 'entity.updated'], 'entities'),
  'v1Beta.customers.entities.archive': ids,
  'v1Beta.customers.entities.unarchive': ids,
  'v1Beta.customers.assignments.upsert': objects(
    ['entity.entitlement.created', 'entity.entitlement.updated'],
    'entityEntitlements',
    'assignments',
  ),
  'v1.environment.settings.update': settings,
  'v1.apiKeys.create': secretObject('api_key.created', 'secret'),
  'v1.apiKeys.rotate': secretObject('api_key.rotated', 'secret'),
  'v1.apiKeys.revoke': object('api_key.revoked'),
  'v1.signInCodes.create': secretObject('sign_in_code.created', 'code'),
  'v1.signInCodes.exchange': secretObject('api_key.created', 'secret'),
  'v1.members.upsert': object('member.updated'),
  'v1.members.remove': removal,
  'v1.tasks.cancel': object('task.updated'),
  'v1Beta.governance.updateThresholdConfig': object('threshold_config.updated'),
}

/** Returns whether the events of an operation determine its response. */
export const isAnswerKnown = (id: OperationId): boolean => id in ANSWERS

/**
 * Returns the data of the response to a request that made these changes, or null if they do not
 * determine it.
 */
export const answerOfChanges = (
  id: OperationId,
  changes: readonly Change[],
  stated: RequestInput,
): unknown => ANSWERS[id]?.(changes, stated) ?? null
