import { badInput, forbidden } from '../kernel/errors.ts'
import { inBody, inPath } from '../kernel/field.ts'
import type { Authority } from './key-rules.ts'
import { covers } from './permit.ts'
import type { AccountRole, EnvironmentRole, Member } from './types.ts'

/** The roles of a person: in the account, and in one environment. */
type Roles = Pick<Member, 'accountRole' | 'role'>

/** Returns the roles that a person gets if a caller sends these. `before`: null for no member. */
export const rolesAfter = (
  before: Roles | null,
  given: { accountRole?: AccountRole | undefined; role: EnvironmentRole },
): Roles => ({
  accountRole: given.accountRole ?? before?.accountRole ?? 'MEMBER',
  role: given.role,
})

/**
 * 400 for an owner with another role than `ADMIN`: it would have no effect until they are no owner
 * any more.
 */
export function refuseLesserOwner({ accountRole, role }: Roles): void {
  if (accountRole === 'OWNER' && role !== 'ADMIN')
    throw badInput(
      inBody('role'),
      `role: an owner is an administrator of every environment, so role cannot be ${role}; ` +
        'to take the ownership away, send accountRole MEMBER',
    )
}

/**
 * 403 if the change of a member needs more than the caller has: only an owner makes, changes or
 * removes an owner, and nobody gives or takes a role that permits more than their own. Null stands
 * for no member.
 */
export function refuseChangeBeyond(
  { role, isOwner }: Authority,
  { before, after }: { before: Roles | null; after: Roles | null },
): void {
  const each = [before, after].filter((roles) => roles !== null)
  if (!isOwner && each.some(({ accountRole }) => accountRole === 'OWNER'))
    throw forbidden('accountRole: only an owner of the account may make, change or remove an owner')
  for (const roles of each)
    if (!covers(role, roles.role))
      throw forbidden(
        `role: ${role} may not give or take away the role ${roles.role}, which permits more`,
      )
}

/** Returns whether a change takes the ownership of the account from a person. */
export const endsOwnership = (change: { before: Roles | null; after: Roles | null }): boolean =>
  change.before?.accountRole === 'OWNER' && change.after?.accountRole !== 'OWNER'

/** 400 `IntegrityViolation` for the end of the last ownership. */
export const lastOwner = (userId: string) =>
  badInput(
    inPath('userId'),
    `${userId} is the last owner of the account; make somebody else an owner first`,
    'IntegrityViolation',
  )
