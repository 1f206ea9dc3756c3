import type { EnvironmentRole, KeyKind, Permission } from './types.ts'

/** `<resource>:read` or `<resource>:write`. `*` stands for every resource, also for future ones. */
type PermissionPattern = `${string}:${'read' | 'write'}`

/**
 * The permissions of each kind of key and each role of a person. Write permission includes read
 * permission.
 */
const PERMISSIONS: Readonly<Record<KeyKind | EnvironmentRole, readonly PermissionPattern[]>> = {
  'full-access': ['*:write'],
  'read-only': ['*:read'],
  'customers-write': ['customers:write', 'integrations:write'],
  'subscriptions-write': ['subscriptions:write'],
  'coupons-write': ['coupons:write'],
  'api-keys-write': ['apiKeys:write'],
  'event-queue-read': ['events:read'],
  // This key is used in browsers, where everybody can read it.
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

/** Returns whether a role has `permission`. */
export function permits(role: KeyKind | EnvironmentRole, permission: Permission): boolean {
  const [resource = '', verb] = permission.split(':')
  return PERMISSIONS[role].some((grant) => {
    const [granted, kind] = grant.split(':')
    return (granted === '*' || granted === resource) && (kind === 'write' || kind === verb)
  })
}
