import { OPERATION_PERMISSIONS } from '../api.gen.ts'
import { required } from '../kernel/assert.ts'
import { type ApiError, forbidden } from '../kernel/errors.ts'
import type { Actor } from '../kernel/origin.ts'
import type { AccountRole, EnvironmentRole, KeyKind, Permission } from './types.ts'

/** `<resource>:read` or `<resource>:write`. `*` stands for every resource, also for future ones. */
type PermissionPattern = `${string}:${'read' | 'write'}`

/** The permission to ask who calls. */
const ITSELF: readonly PermissionPattern[] = ['caller:read']

/**
 * The permissions of each kind of key and each role of a person. Write permission includes read
 * permission.
 */
const PERMISSIONS: Readonly<Record<KeyKind | EnvironmentRole, readonly PermissionPattern[]>> = {
  'full-access': ['*:write'],
  'read-only': ['*:read'],
  'customers-write': [...ITSELF, 'customers:write', 'integrations:write'],
  'subscriptions-write': [...ITSELF, 'subscriptions:write', 'tasks:read'],
  'coupons-write': [...ITSELF, 'coupons:write'],
  'api-keys-write': [...ITSELF, 'apiKeys:write'],
  'event-queue-read': [...ITSELF, 'events:read'],
  // This key is used in browsers, where everybody can read it.
  publishable: ['entitlements:read'],
  ADMIN: ['*:write'],
  SUPPORT: [
    ...ITSELF,
    'customers:write',
    'integrations:write',
    'entities:write',
    'assignments:write',
    'subscriptions:write',
    'features:read',
    'customCurrencies:read',
    'products:read',
    'plans:read',
    'addons:read',
    'entityTypes:read',
    'governance:read',
    'entitlements:read',
    'usage:read',
    'tasks:read',
  ],
  VIEWER: ['*:read'],
  // A person without a role here may have one in another environment.
  NONE: ITSELF,
}

/** The patterns of each role, split once: each request asks. */
const GRANTS = new Map(
  Object.entries(PERMISSIONS).map(([role, patterns]) => [
    role,
    patterns.map((pattern) => {
      const [resource, verb] = pattern.split(':')
      return { resource, verb }
    }),
  ]),
)

/** Returns whether a role has `permission`. */
export function permits(role: KeyKind | EnvironmentRole, permission: Permission): boolean {
  const grants = required(GRANTS.get(role), 'the permissions of a role')
  const end = permission.indexOf(':')
  const [resource, verb] = [permission.slice(0, end), permission.slice(end + 1)]
  return grants.some(
    (granted) =>
      (granted.resource === '*' || granted.resource === resource) &&
      (granted.verb === 'write' || granted.verb === verb),
  )
}

/** The 403 for a caller whose role lacks the permission of an operation. */
export const notPermitted = ({ kind }: Actor, role: KeyKind | EnvironmentRole): ApiError =>
  forbidden(
    kind === 'USER'
      ? `the role ${role} may not use this operation`
      : `a ${role} key may not use this operation`,
  )

/** Returns the permissions of a role, among those that operations require. Sorted. */
export const permissionsOf = (role: KeyKind | EnvironmentRole): Permission[] =>
  OPERATION_PERMISSIONS.filter((permission) => permits(role, permission))

/** Returns whether `giver` has every permission that `given` has. */
export const covers = (
  giver: KeyKind | EnvironmentRole,
  given: KeyKind | EnvironmentRole,
): boolean => PERMISSIONS[given].every((grant) => permits(giver, grant))

/** Returns the role in an environment of somebody with these roles, who may be no member. */
export const roleOf = (
  roles: { role: AccountRole; environmentRole: EnvironmentRole | null } | null,
): EnvironmentRole =>
  roles === null ? 'NONE' : roleInEnvironment(roles.role, roles.environmentRole)

/** Returns the role of a member in an environment. An owner is an administrator everywhere. */
const roleInEnvironment = (
  role: AccountRole,
  environmentRole: EnvironmentRole | null,
): EnvironmentRole => (role === 'OWNER' ? 'ADMIN' : (environmentRole ?? 'NONE'))
