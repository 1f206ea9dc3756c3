import type { Uuid } from '../kernel/ids.ts'

/** All types of events. They are the `type` of events in the API and of webhooks. */
export const EVENT_TYPES = [
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'payment_method.attached',
  'payment_method.detached',
  'promotional_entitlement.granted',
  'promotional_entitlement.updated',
  'promotional_entitlement.revoked',
  'promotional_entitlement.ends_soon',
  'promotional_entitlement.expired',
  'subscription.created',
  'subscription.updated',
  'subscription.canceled',
  'subscription.expired',
  'subscription.trial_started',
  'subscription.trial_converted',
  'subscription.trial_expired',
  'subscription.trial.ends_soon',
  'subscription.billing_month.ends_soon',
  'entitlements.updated',
  'feature.created',
  'feature.updated',
  'feature.deleted',
  'credit_type.created',
  'credit_type.updated',
  'credit_type.archived',
  'credit_type.unarchived',
  'product.created',
  'product.updated',
  'product.deleted',
  'product.unarchived',
  'plan.created',
  'plan.updated',
  'plan.deleted',
  'plan.draft_changed',
  'addon.created',
  'addon.updated',
  'addon.deleted',
  'addon.draft_changed',
  'entity_type.created',
  'entity_type.updated',
  'threshold_config.updated',
  'entity.created',
  'entity.updated',
  'entity.entitlement.created',
  'entity.entitlement.updated',
  'entity.entitlement.usage_exceeded',
  'environment.created',
  'environment.updated',
  'api_key.created',
  'api_key.rotated',
  'api_key.revoked',
  'sign_in_code.created',
  'integration.created',
  'member.updated',
  'member.removed',
  'task.created',
  'task.updated',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** A change of an object, as stored in the outbox. */
export type Event = {
  type: EventType
  /** Null for objects that belong to the environment. */
  customerKey: Uuid | null
  /** The id that the caller gave the object. */
  objectId: string
  /** The object as the API shows it, without secrets. Null before its creation. */
  before: object | null
  /** Null after its deletion. */
  after: object | null
}
