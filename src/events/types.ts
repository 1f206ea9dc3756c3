import type { Uuid } from '../kernel/ids.ts'

/** Every kind of event that Bursar announces: the wire `type` of a webhook, in one table. */
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
  'entitlements.updated',
  'feature.created',
  'feature.updated',
  'feature.deleted',
  'credit_type.created',
  'credit_type.updated',
  'credit_type.archived',
  'credit_type.unarchived',
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
  'integration.created',
  'member.updated',
  'member.removed',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** Something that happened, as the outbox keeps it. */
export type Event = {
  type: EventType
  /** null for what belongs to the environment alone. */
  customerKey: Uuid | null
  /** The caller's id of the object. */
  objectId: string
  /** The object as the API shows it: null before it was made. It never holds a secret. */
  before: object | null
  /** null once it is gone. */
  after: object | null
}
