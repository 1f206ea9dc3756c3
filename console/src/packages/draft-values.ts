import type {
  Addon,
  AddonUpdateRequestBody,
  DefaultTrialConfig,
  Plan,
  PlanUpdateRequestBody,
} from '../../../src/api.gen.ts'
import { metadataChange, metadataRows } from '../ui/metadata-field.tsx'
import { numberIn, refuseNumber } from '../ui/number.ts'
import type { PackageKind, PackageVersion } from './operations.ts'

/** What a draft says, as it is typed. */
export type DraftFields = {
  displayName: string
  description: string
  billingId: string
  parentPlanId: string
  /** Compatible with the plan, or needed by the add-on. */
  addonIds: readonly string[]
  maxQuantity: string
  hasTrial: boolean
  duration: string
  units: DefaultTrialConfig['units']
  trialEnd: NonNullable<DefaultTrialConfig['trialEndBehavior']>
  budget: string
  isSoftBudget: boolean
  metadata: ReturnType<typeof metadataRows>
}

/** The fields of a form that says what a draft says. */
export function fieldsOf(draft: PackageVersion): DraftFields {
  const own: Partial<Plan> & Partial<Addon> = draft
  const trial = own.defaultTrialConfig ?? null
  return {
    displayName: draft.displayName,
    description: draft.description ?? '',
    billingId: draft.billingId ?? '',
    parentPlanId: own.parentPlanId ?? '',
    addonIds: own.compatibleAddonIds ?? own.dependencies ?? [],
    maxQuantity: String(own.maxQuantity ?? ''),
    hasTrial: trial !== null,
    duration: String(trial?.duration ?? 14),
    units: trial?.units ?? 'DAY',
    trialEnd: trial?.trialEndBehavior ?? 'CONVERT_TO_PAID',
    budget: String(trial?.budget?.limit ?? ''),
    isSoftBudget: trial?.budget?.hasSoftLimit ?? false,
    metadata: metadataRows(draft.metadata),
  }
}

const optional = (text: string): number | null => (text.trim() === '' ? null : numberIn(text))

/** The request that gives a draft these values. `stored` are its labels before. */
export function bodyOf(
  kind: PackageKind,
  fields: DraftFields,
  stored: PackageVersion['metadata'],
): PlanUpdateRequestBody | AddonUpdateRequestBody {
  const shared = {
    displayName: fields.displayName,
    description: fields.description,
    billingId: fields.billingId,
    metadata: metadataChange(fields.metadata, stored),
  }
  return kind === 'addon'
    ? { ...shared, maxQuantity: optional(fields.maxQuantity), dependencies: [...fields.addonIds] }
    : {
        ...shared,
        parentPlanId: fields.parentPlanId.trim(),
        compatibleAddonIds: [...fields.addonIds],
        defaultTrialConfig: fields.hasTrial ? trialOf(fields) : null,
      }
}

function trialOf({ duration, units, trialEnd, budget, isSoftBudget }: DraftFields) {
  const limit = optional(budget)
  return {
    duration: Number(duration),
    units,
    trialEndBehavior: trialEnd,
    budget: limit === null ? null : { limit, hasSoftLimit: isSoftBudget },
  }
}

/** Returns which text is no number, or null. */
export function refuse({ maxQuantity, hasTrial, duration, budget }: DraftFields) {
  const typed = {
    ...(maxQuantity.trim() !== '' && { maxQuantity }),
    ...(hasTrial && { 'defaultTrialConfig/duration': duration }),
    ...(hasTrial && budget.trim() !== '' && { 'defaultTrialConfig/budget/limit': budget }),
  }
  for (const [field, text] of Object.entries(typed)) {
    const problem = refuseNumber(field, text)
    if (problem !== null) return problem
  }
  return null
}
