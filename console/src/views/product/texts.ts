import type {
  PackageStatus,
  ProductSettings,
  UsageResetCutoffRule,
} from '../../../../src/api.gen.ts'
import { choiceIn, labelledChoices } from '../../ui/choices.ts'

export const TEXTS = {
  unknown: (id: string) => `There is no product ${id}.`,
  archived: 'The product is archived. Unarchive it first.',
  archive:
    'Its plans and add-ons are archived with it. Drafts of those that were published are discarded, and cannot be restored.',
  duplicate:
    'The copy gets the settings, and all plans and add-ons that are not archived: their latest versions, as version 1, and their drafts.',
  targetHint: 'Ids of the copied plans and add-ons end with it.',
  idHint: 'As your code names it. It cannot be changed later.',
  pricingHint: 'It cannot be changed later.',
  parentHint: 'It also gives what that plan gives.',
  quantityHint: 'The most of it in one subscription. Nothing: no limit.',
  several: 'Several subscriptions at once',
  severalHint: 'A customer may have more than one to this product.',
} as const

type Start = ProductSettings['subscriptionStartSetup']
type End = ProductSettings['subscriptionEndSetup']
type Cancellation = ProductSettings['subscriptionCancellationTime']
type Reset = UsageResetCutoffRule['behavior']

export const START_WORDS: Readonly<Record<Start, string>> = {
  PLAN_SELECTION: 'a choice of plans',
  TRIAL_PERIOD: 'a trial of a plan',
  FREE_PLAN: 'a plan',
}

export const END_WORDS: Readonly<Record<End, string>> = {
  CANCEL_SUBSCRIPTION: 'nothing',
  DOWNGRADE_TO_FREE: 'a free plan',
}

export const CANCELLATION_WORDS: Readonly<Record<Cancellation, string>> = {
  IMMEDIATE: 'at once',
  END_OF_BILLING_PERIOD: 'at the end of the billing period',
  SPECIFIC_DATE: 'at a date that is named with it',
}

export const RESET_WORDS: Readonly<Record<Reset, string>> = {
  ALWAYS_RESET: 'with every change of the plan',
  BILLING_PERIOD_CHANGE: 'if the billing period gets another length',
  NEVER_RESET: 'never',
}

export const START_CHOICES = labelledChoices(START_WORDS)
export const END_CHOICES = labelledChoices(END_WORDS)
export const CANCELLATION_CHOICES = labelledChoices(CANCELLATION_WORDS)
export const RESET_CHOICES = labelledChoices(RESET_WORDS)

export const PRORATE_CHOICES = labelledChoices({ '': 'not said', yes: 'yes', no: 'no' })

/** Which versions of plans and add-ons are listed. */
type Shown = 'current' | 'drafts' | 'published' | 'archived' | 'all'

const SHOWN_CHOICES = labelledChoices<Shown>({
  current: 'drafts and published',
  drafts: 'drafts',
  published: 'published',
  archived: 'archived',
  all: 'all',
})

export const SHOWN = {
  choices: SHOWN_CHOICES,
  in: (text: string | undefined): Shown => choiceIn(SHOWN_CHOICES, text, 'current'),
} as const

export const STATUSES: Readonly<Record<Shown, readonly PackageStatus[]>> = {
  current: ['DRAFT', 'PUBLISHED'],
  drafts: ['DRAFT'],
  published: ['PUBLISHED'],
  archived: ['ARCHIVED'],
  all: [],
}
