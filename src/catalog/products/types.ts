import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Metadata, MetadataPatch } from '../../kernel/metadata.ts'
import type { Reference } from '../packages/index.ts'

export type Product = {
  key: Uuid
  id: string
  displayName: string
  description: string | null
  /** Whether a customer may have several subscriptions to it at once. */
  multipleSubscriptions: boolean
  settings: Journey<Reference>
  /** What happens to the usage of a period when a customer changes the plan. */
  usageResetCutoff: 'NEVER_RESET' | 'ALWAYS_RESET' | 'BILLING_PERIOD_CHANGE'
  metadata: Metadata
  createdAt: Instant
  updatedAt: Instant
  archivedAt: Instant | null
}

/** How subscriptions to a product start and end. `Plan` is how it names plans. */
export type Journey<Plan> = {
  startSetup: 'PLAN_SELECTION' | 'TRIAL_PERIOD' | 'FREE_PLAN'
  startPlan: Plan | null
  endSetup: 'DOWNGRADE_TO_FREE' | 'CANCEL_SUBSCRIPTION'
  downgradePlan: Plan | null
  cancellationTime: 'END_OF_BILLING_PERIOD' | 'IMMEDIATE' | 'SPECIFIC_DATE'
  proratesAtEnd: boolean | null
}

/** Fields of a new product in a request. */
export type NewProductInput = {
  displayName: string
  description: string | null
  multipleSubscriptions: boolean
  metadata: MetadataPatch
}

/**
 * Changes of a product in a request. Absent fields are kept. Metadata is merged; null clears it.
 * The settings are replaced as a whole. They name plans by id.
 */
export type ProductInput = {
  displayName?: string | undefined
  description?: string | null | undefined
  multipleSubscriptions?: boolean | undefined
  settings?: Journey<string> | undefined
  usageResetCutoff?: Product['usageResetCutoff'] | undefined
  metadata?: MetadataPatch | null | undefined
}
