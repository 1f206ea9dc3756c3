import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import { addUnits } from '../kernel/period.ts'
import type { DefaultTrial, PricingType, Successor, Trial, TrialEndBehavior } from './types.ts'

export type TrialQuestion = {
  plan: { pricingType: PricingType; defaultTrial: DefaultTrial | null }
  /** What the request says; null if nothing. */
  override: {
    isTrial: boolean
    endsAt: Instant | null
    endBehavior: TrialEndBehavior | null
  } | null
  /** Of the customer with the product, over all time and resources. */
  history: { hadTrial: boolean; hadPaid: boolean }
  startsAt: Instant
  /** The free plan that follows a trial that ends, if the product wants that. */
  successor: Successor | null
  /** `trialOverrideConfiguration` of the request. */
  where: Field
}

/**
 * Returns the trial that a subscription begins with; null if there is none. What the request says
 * counts. Otherwise a customer gets one trial of a product, and none after having paid for it. A
 * trial that was canceled counts. 400 `InvalidArgumentError` for a trial of a free plan, without a
 * length, or with an end that is not after the start.
 */
export function decideTrial(question: TrialQuestion): Trial | null {
  const { plan, override, history, startsAt, successor, where } = question
  const { defaultTrial, pricingType } = plan
  const isTrial = override?.isTrial ?? (!history.hadTrial && !history.hadPaid)
  if (!isTrial || (override === null && defaultTrial === null)) return null
  if (pricingType === 'FREE') {
    if (override === null) return null
    throw refusal(where.at('isTrial'), `${where}: a free plan has no trial`)
  }
  const at = override?.endsAt ?? endOf(defaultTrial, startsAt)
  if (at === null)
    throw refusal(
      where.at('trialEndDate'),
      `${where}: trialEndDate is required: the plan has no trial`,
    )
  if (at <= startsAt)
    throw refusal(where.at('trialEndDate'), `${where}: trialEndDate must be after the start`)
  const endBehavior = override?.endBehavior ?? defaultTrial?.endBehavior ?? 'CONVERT_TO_PAID'
  return { at, endBehavior, successor }
}

const endOf = (trial: DefaultTrial | null, startsAt: Instant): Instant | null =>
  trial && addUnits(startsAt, trial.length.unit, trial.length.count)

const refusal = (field: Field, message: string) => badInput(field, message, 'InvalidArgumentError')
