import type { Feature } from '../catalog/features/index.ts'
import { allowanceOf, limitAfter, resetAfter, resetOf } from '../catalog/features/index.ts'
import type { Instant } from '../kernel/clock.ts'
import { badInput } from '../kernel/errors.ts'
import type { Field } from '../kernel/field.ts'
import { sent } from '../kernel/patch.ts'
import { endOf } from './grant-promotional.ts'
import type { PromotionalChange, PromotionalEntitlement, PromotionalInput } from './types.ts'

type ChangeContext = { feature: Feature; now: Instant; where: Field }

/**
 * Returns the revision of a promotional entitlement from `now` on, or `before` itself if nothing
 * differs. Key, start and anchor of usage stay. 400 as `grantPromotional`, but an archived feature
 * is allowed: a customer keeps what it has.
 */
export function changePromotional(
  before: PromotionalEntitlement,
  change: PromotionalChange,
  { feature, now, where }: ChangeContext,
): PromotionalEntitlement {
  const input = inputAfter(before, change)
  const after = {
    ...before,
    period: input.period,
    allowance: allowanceOf(input, feature, { where, needsValue: true }),
    reset: resetOf(input, feature, where),
    isVisible: input.isVisible,
    endsAt: endAfter(before, input, { change, now, where }),
  }
  if (comparedText(after) === comparedText(before)) return before
  return { ...after, revision: before.revision + 1, since: now, updatedAt: now }
}

/** Returns whether usage would be counted in other windows. */
export const changesReset = (before: PromotionalEntitlement, after: PromotionalEntitlement) =>
  JSON.stringify(after.reset) !== JSON.stringify(before.reset)

/** Returns the compared fields as text. */
const comparedText = (promotional: PromotionalEntitlement): string => {
  const { period, allowance, reset, isVisible, endsAt } = promotional
  const { limit, isUnlimited, isSoft, enumValues } = allowance
  const much = [limit === null ? null : String(limit), isUnlimited, isSoft, enumValues]
  return JSON.stringify([period, much, reset?.period, reset?.accordingTo, isVisible, endsAt])
}

/** Returns the input that would create the changed entitlement from scratch. */
function inputAfter(before: PromotionalEntitlement, change: PromotionalChange): PromotionalInput {
  const { allowance } = before
  const endsAtDate = change.customEndDate !== undefined && change.customEndDate !== null
  const period = change.period ?? (endsAtDate ? 'custom' : before.period)
  const kept = period === 'custom' && before.period === 'custom' ? before.endsAt : null
  return {
    featureId: before.feature.id,
    period,
    customEndDate: sent(change.customEndDate, kept),
    ...limitAfter(allowance, change),
    isSoft: sent(change.isSoft, allowance.isSoft),
    enumValues: sent(change.enumValues, allowance.enumValues),
    isVisible: sent(change.isVisible, before.isVisible),
    ...resetAfter(before.reset, change),
  }
}

/** Fixed-length periods are counted from the start of the promotional entitlement. */
function endAfter(
  before: PromotionalEntitlement,
  input: PromotionalInput,
  { change, now, where }: { change: PromotionalChange; now: Instant; where: Field },
): Instant | null {
  if (change.period === undefined && change.customEndDate === undefined) return before.endsAt
  const endsAt = endOf(input, { from: before.startsAt, now, where })
  if (endsAt !== null && endsAt <= now)
    throw badInput(
      where.at('period'),
      `${where}: the period ${input.period} would have ended already; revoke the entitlement instead`,
      'InvalidArgumentError',
    )
  return endsAt
}
