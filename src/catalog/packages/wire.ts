import type { Addon, DefaultTrialConfig, Plan } from '../../api.gen.ts'
import { instantToWire } from '../../kernel/clock.ts'
import { quantityToWire } from '../../kernel/quantity.ts'
import type { DefaultTrial, PackageAtVersion, Reference } from './types.ts'

const common = ({ content, ...pack }: PackageAtVersion) => ({
  id: pack.id,
  productId: pack.product.id,
  displayName: content.displayName,
  description: content.description,
  billingId: content.billingId,
  pricingType: content.pricingType,
  status:
    pack.archivedAt !== null
      ? ('ARCHIVED' as const)
      : content.publishedAt === null
        ? ('DRAFT' as const)
        : ('PUBLISHED' as const),
  versionNumber: content.version,
  isLatest: content.version === pack.latestVersion,
  entitlements: content.entitlements.map(({ id, type }) => ({ id, type })),
  metadata: { ...content.metadata },
  createdAt: instantToWire(content.createdAt),
  updatedAt: instantToWire(content.updatedAt),
})

const idsOf = (references: readonly Reference[]): string[] => references.map(({ id }) => id)

const trialToWire = ({ budget, ...trial }: DefaultTrial): DefaultTrialConfig => ({
  ...trial,
  budget: budget && { ...budget, limit: quantityToWire(budget.limit) },
})

export const planToWire = (plan: PackageAtVersion): Plan => ({
  ...common(plan),
  parentPlanId: plan.content.parent?.id ?? null,
  compatibleAddonIds: plan.content.compatibleAddons && idsOf(plan.content.compatibleAddons),
  defaultTrialConfig: plan.content.defaultTrial && trialToWire(plan.content.defaultTrial),
})

export const addonToWire = (addon: PackageAtVersion): Addon => ({
  ...common(addon),
  maxQuantity: addon.content.maxQuantity,
  dependencies: idsOf(addon.content.dependencies),
})
