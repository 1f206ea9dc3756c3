import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBody } from '../kernel/field.ts'
import { endsOwnership, refuseChangeBeyond, refuseLesserOwner, rolesAfter } from './member-rules.ts'
import { covers } from './permit.ts'
import { ENVIRONMENT_ROLES, KEY_KINDS } from './types.ts'

const OWNER = { accountRole: 'OWNER', role: 'ADMIN' } as const
const STATES = [
  null,
  OWNER,
  ...ENVIRONMENT_ROLES.map((role) => ({ accountRole: 'MEMBER', role }) as const),
]
const CALLERS = [
  { role: 'ADMIN', isOwner: true, makesUntil: null } as const,
  ...[...KEY_KINDS, ...ENVIRONMENT_ROLES].map(
    (role) => ({ role, isOwner: false, makesUntil: null }) as const,
  ),
]

test('nobody gives or takes what they do not have, whatever the role of the caller', () => {
  let allowed = 0
  for (const caller of CALLERS)
    for (const before of STATES)
      for (const after of STATES) {
        const roles = [before, after].filter((each) => each !== null)
        const may =
          roles.every(({ role }) => covers(caller.role, role)) &&
          (caller.isOwner || roles.every(({ accountRole }) => accountRole !== 'OWNER'))
        const change = () => refuseChangeBeyond(caller, { before, after })
        if (!may) assert.throws(change, { status: 403, code: 'IdentityForbidden' })
        else change()
        allowed += may ? 1 : 0
      }
  assert.ok(allowed > 100)
})

test('a caller without full access changes nobody who has it', () => {
  const support = { role: 'SUPPORT', isOwner: false, makesUntil: null } as const
  const admin = { accountRole: 'MEMBER', role: 'ADMIN' } as const
  const message = /^role: SUPPORT may not give or take away the role ADMIN/
  assert.throws(() => refuseChangeBeyond(support, { before: admin, after: null }), { message })
  assert.throws(() => refuseChangeBeyond(support, { before: null, after: admin }), { message })
})

test('what is not sent stays, and a new member is no owner', () => {
  assert.deepEqual(rolesAfter(null, { role: 'VIEWER' }), { accountRole: 'MEMBER', role: 'VIEWER' })
  assert.deepEqual(rolesAfter(OWNER, { role: 'ADMIN' }), OWNER)
  assert.deepEqual(rolesAfter(OWNER, { accountRole: 'MEMBER', role: 'NONE' }), {
    accountRole: 'MEMBER',
    role: 'NONE',
  })
})

test('an owner has no lesser role', () => {
  for (const role of ENVIRONMENT_ROLES) {
    refuseLesserOwner({ accountRole: 'MEMBER', role })
    const change = () => refuseLesserOwner({ accountRole: 'OWNER', role })
    if (role === 'ADMIN') change()
    else assert.throws(change, { status: 400, field: inBody('role') })
  }
})

test('an ownership ends by a removal or by another role', () => {
  const member = { accountRole: 'MEMBER', role: 'ADMIN' } as const
  for (const [before, after, ends] of [
    [OWNER, null, true],
    [OWNER, member, true],
    [OWNER, OWNER, false],
    [member, null, false],
    [null, OWNER, false],
  ] as const)
    assert.equal(endsOwnership({ before, after }), ends)
})
