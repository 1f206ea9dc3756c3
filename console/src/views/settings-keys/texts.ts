import type { ApiKeyKind } from '../../../../src/api.gen.ts'

/** What a key of each kind may do. */
export const KINDS: Readonly<Record<ApiKeyKind, string>> = {
  'full-access': 'everything',
  'read-only': 'read everything',
  'customers-write': 'customers and their links',
  'subscriptions-write': 'subscriptions',
  'coupons-write': 'coupons',
  'api-keys-write': 'API keys',
  'event-queue-read': 'read events',
  publishable: 'read entitlements, from browsers',
}

export const TEXTS = {
  lead: 'The credentials of programs. A secret is shown once: only its hash is stored.',
  once: 'Copy the secret now. It is not shown again.',
  gone: 'The secret is no longer known. Revoke this key and make another one.',
  revoke: 'Programs that use it are refused at once. This cannot be undone.',
}
