import type { EnvironmentRole, KeyKind, Permission } from './types.ts'

/** `<resource>:read` or `<resource>:write`; `*` is every resource, later ones included. */
type Grant = `${string}:${'read' | 'write'}`

/**
 * What each kind of key and each role of a person may do. Writing a resource includes reading it.
 */
const GRANTS: Readonly<Record<KeyKind | EnvironmentRole, readonly Grant[]>> = {
  'full-access': ['*:write'],
  'read-only': ['*:read'],
  'customers-write': ['customers:write', 'integrations:write'],
  'subscriptions-write': ['subscriptions:write'],
  'coupons-write': ['coupons:write'],
  'api-keys-write': ['apiKeys:write'],
  'event-queue-read': ['events:read'],
  // It lives in browsers, where everybody can read it.
  publishable: ['entitlements:read'],
  ADMIN: ['*:write'],
  SUPPORT: [
    'customers:write',
    'integrations:write',
    'entities:write',
    'assignments:write',
    'subscriptions:write',
    'features:read',
    'customCurrencies:read',
    'entityTypes:read',
    'governance:read',
    'entitlements:read',
    'usage:read',
  ],
  VIEWER: ['*:read'],
  NONE: [],
}

/** Whether a role may do what needs `permission`. */
export function permits(role: KeyKind | EnvironmentRole, permission: Permission): boolean {
  const [resource = '', verb] = permission.split(':')
  return GRANTS[role].some((grant) => {
    const [granted, kind] = grant.split(':')
    return (granted === '*' || granted === resource) && (kind === 'write' || kind === verb)
  })
}
