import type { KeyKind, Permission } from './types.ts'

/**
 * Whether a key of this kind may do what needs `permission` (`<resource>:read` or `:write`).
 * A full-access key may do everything, later resources included; a publishable key lives in
 * browsers and reads entitlements only.
 */
export function permits(kind: KeyKind, permission: Permission): boolean {
  if (kind === 'full-access') return true
  if (kind === 'read-only') return permission.endsWith(':read')
  return permission === 'entitlements:read'
}
