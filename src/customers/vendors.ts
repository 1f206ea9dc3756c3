import type { VendorIdentifier } from '../api.gen.ts'

/**
 * All vendors of the API, and whether they bill. The id of a record at a billing vendor is a
 * `billingId`.
 */
const BILLS = {
  AUTH0: false,
  ZUORA: true,
  STRIPE: true,
  HUBSPOT: false,
  AWS_MARKETPLACE: false,
  SNOWFLAKE: false,
  SALESFORCE: false,
  BIG_QUERY: false,
  OPEN_FGA: false,
  APP_STORE: true,
  RECEIVED: true,
  PREQUEL: false,
  AIRWALLEX: true,
  STRIPE_INVOICING: true,
} as const satisfies Record<VendorIdentifier, boolean>

export const VENDORS = Object.keys(BILLS) as VendorIdentifier[]

export const isBillingVendor = (vendor: VendorIdentifier): boolean => BILLS[vendor]
