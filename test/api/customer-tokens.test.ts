import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Environment,
  enforceSigning,
  findEnvironment,
  type KeyKind,
  signingSecret,
} from '../../src/access/index.ts'
import type { OperationId } from '../../src/api.gen.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { customerToken } from '../support/customer-token.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, operationIds, path } from './calls.ts'
import { furnishIn } from './furnish.ts'

const world = await openWorld()
const MARK = 'mark'

const furnished = () => furnishIn(world, MARK)

/** Returns an environment with a signing secret, and an API key of a kind. */
async function signing(kind: KeyKind) {
  const tenant = await furnished()
  const { app } = world.bursar
  const environment = await findEnvironment(app.db.read, tenant.id)
  assert.ok(environment !== null)
  const secret = await signingSecret(app, environment, { renew: false })
  const apiKey = await tenant.newKey(kind)
  const bound = (id: OperationId, customerId: string): Request => ({
    ...calls[id](MARK),
    apiKey,
    headers: { 'x-customer-key': customerToken(customerId, secret) },
  })
  return { tenant, environment, secret, apiKey, bound }
}

test('a customer token restricts every operation to its customer and to reading, whatever the key', async () => {
  const { tenant, bound } = await signing('full-access')
  for (const id of operationIds) {
    const { permission, path: template } = operationOf(id)
    // A code says for whom it is: a customer token beside it is ignored.
    if (permission === null) continue
    const isOfCustomer = /\/customers\/\{id\}|\{customerId\}/.test(template)
    const isRead = permission.endsWith(':read')
    if (isRead && isOfCustomer) {
      const { success, text } = await tenant.call(id, bound(id, path.id))
      assert.notEqual(success, null, `${id}: ${text}`)
    }
    const code = isRead ? 'AuthCustomerMismatch' : 'AuthCustomerReadonly'
    await tenant.refused(id, bound(id, 'globex'), { status: 400, code })
    if (!isRead) await tenant.refused(id, bound(id, path.id), { status: 400, code })
  }
})

const CHECK = 'v1.customers.checkEntitlement'
const UNAUTHENTICATED = { status: 401, code: 'Unauthenticated', message: /X-CUSTOMER-KEY/ }
const enforce = (environment: Environment, isEnforced: boolean) =>
  enforceSigning(world.bursar.app, environment, { isEnforced })

/** Repeats a request until its status shows that the servers have been notified of a change. */
async function eventually(tenant: Tenant, request: Request, status: number): Promise<void> {
  while ((await tenant.call(CHECK, request)).status !== status)
    await new Promise((resolve) => setTimeout(resolve, 5))
}

test('if an environment enforces tokens, a publishable key works only with a token', async () => {
  const { tenant, environment, apiKey, bound } = await signing('publishable')
  const unsigned = { ...calls[CHECK](MARK), apiKey }
  await tenant.ok(CHECK, unsigned)
  await enforce(environment, true)
  await eventually(tenant, unsigned, 401)
  await tenant.refused(CHECK, unsigned, UNAUTHENTICATED)
  await tenant.refused(CHECK, { ...unsigned, headers: { 'x-customer-key': '' } }, UNAUTHENTICATED)
  await tenant.ok(CHECK, bound(CHECK, path.id))
  await tenant.ok(CHECK, { ...unsigned, apiKey: tenant.key })
  await enforce(environment, false)
  await eventually(tenant, unsigned, 200)
})

test('a token that was not signed with the current secret is refused', async () => {
  const { tenant, environment, apiKey, bound } = await signing('publishable')
  const forged = { 'x-customer-key': customerToken(path.id, 'another secret') }
  await tenant.refused(CHECK, { ...calls[CHECK](MARK), apiKey, headers: forged }, UNAUTHENTICATED)
  await tenant.ok(CHECK, bound(CHECK, path.id))
  const renewed = await signingSecret(world.bursar.app, environment, { renew: true })
  await eventually(tenant, bound(CHECK, path.id), 401)
  const headers = { 'x-customer-key': customerToken(path.id, renewed) }
  await tenant.ok(CHECK, { ...calls[CHECK](MARK), apiKey, headers })
})

test('an environment without a signing secret ignores tokens', async () => {
  const tenant = await furnished()
  const headers = { 'x-customer-key': customerToken('globex', 'whatever') }
  await tenant.ok(CHECK, { ...calls[CHECK](MARK), headers })
  const environment = await findEnvironment(world.bursar.app.db.read, tenant.id)
  assert.ok(environment !== null)
  await assert.rejects(enforce(environment, true), { status: 400, code: 'BadUserInput' })
})
