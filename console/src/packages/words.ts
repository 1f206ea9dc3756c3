import type { PackageStatus, PricingType } from '../../../src/api.gen.ts'
import { labelledChoices } from '../ui/choices.ts'

export const PRICING_WORDS: Readonly<Record<PricingType, string>> = {
  FREE: 'free',
  PAID: 'paid',
  CUSTOM: 'custom',
}

export const PRICING_CHOICES = labelledChoices<PricingType>({
  PAID: 'paid: by listed prices',
  FREE: 'free: customers pay nothing',
  CUSTOM: 'custom: as agreed with each customer',
})

export const STATUS_WORDS: Readonly<Record<PackageStatus, string>> = {
  DRAFT: 'draft',
  PUBLISHED: 'published',
  ARCHIVED: 'archived',
}
