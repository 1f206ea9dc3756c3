import { labelledChoices } from '../ui/choices.ts'

export const TEXTS = {
  archived:
    'It is archived. Unarchiving its product restores it if it was archived with the product.',
  noDraft: 'There is no draft. Open one first.',
  hasDraft: 'It has a draft. Publish or discard that first.',
  unpublished: 'It was never published. Discard its draft instead.',
  archive: 'Nothing new can be sold of it. Subscriptions keep it. It cannot be unarchived alone.',
  discard: 'What is only in the draft is lost.',
  discardAll: 'It was never published, so nothing of it is left. Its id is free again.',
  firstVersion: 'This is the first version. It is sold from then on, and never changes.',
  nextVersion: (version: number) =>
    `What changes against version ${version}, which is published. A published version never changes.`,
  nothing: 'Nothing differs from the published version.',
  newCustomers:
    'New subscriptions get the new version. Subscriptions that exist stay on their version.',
  allCustomers:
    'New subscriptions get the new version. A task moves the subscriptions in force to it, customer by customer. None of them goes back to its earlier version.',
  addonHolders: 'The task counts who has the add-on.',
  parentHint: 'It also gives what that plan gives.',
  quantityHint: 'The most of it in one subscription. Nothing: no limit.',
  targetHint: 'Its id.',
  takenHint: 'Customers lose what the rest of their subscription gives of it.',
  resetHint: 'To have none, remove the entitlement and add it again.',
  dependencyHint:
    'A feature. The credits are multiplied by its limit, as in credits for each seat.',
  softCreditsHint: 'Usage is granted after the credits are used up.',
  shownHint: 'Nothing: its own name.',
  placeHint: 'Lower ones come first. Nothing: after all others.',
  gone: 'It is not in the draft any more.',
  featureUnread: 'The feature is not read yet, or you may not read features.',
  publishedShown: 'This version is published, and never changes. Choose the draft.',
  givesNothing: (what: string) => `The ${what} gives nothing yet.`,
  goneFrom: (version: number) => `Version ${version} gives what the draft does not:`,
  budgetHint: 'The most money that may be spent in the trial. Nothing: no limit.',
} as const

export const AUDIENCES = labelledChoices({
  NEW_CUSTOMERS: 'new customers',
  ALL_CUSTOMERS: 'all customers',
})

export const TRIAL_UNITS = labelledChoices({ DAY: 'days', MONTH: 'months' })

export const TRIAL_ENDS = labelledChoices({
  CONVERT_TO_PAID: 'it is paid',
  CANCEL_SUBSCRIPTION: 'it ends',
})
