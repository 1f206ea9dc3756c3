import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/contract.gen.ts'
import { readContract } from '../../src/http/index.ts'
import { openWorld } from '../support/world.ts'
import { calls, furnish } from './calls.ts'

/** What holds for every list that goes both ways. */

const world = await openWorld()
const contract = await readContract(new URL('../../contract/openapi.json', import.meta.url))
const lists = contract.operations.filter(({ parameters }) =>
  ['after', 'before'].every((name) => parameters.some((each) => each.name === name)),
)

const UNKNOWN = '019d2f3a-7c40-7b1c-9d7e-2f6f0c1b8a55'

for (const { id: name, primaryId } of lists)
  test(`${name}: where both cursors are sent, after counts`, async () => {
    const tenant = await world.tenant()
    await furnish(tenant, 'mark')
    const id = primaryId as OperationId
    const page = async (cursors: Record<string, string>) => {
      const { query, ...request } = calls[id]('mark')
      const own = { ...(query as Record<string, string> | undefined), limit: '1', ...cursors }
      return tenant.call(id, { ...request, query: own, twin: name !== primaryId })
    }
    const { refusal } = await page({ after: UNKNOWN, before: UNKNOWN.replace('0', '1') })
    assert.match(refusal?.message ?? '', new RegExp(`^after: .*${UNKNOWN}`))
    const first = (await page({})).success as { pagination: { next: string | null } } | null
    const after = first?.pagination.next
    if (after === undefined || after === null) return
    const next = await page({ after })
    assert.ok(next.success !== null, next.text)
    assert.equal((await page({ after, before: after })).text, next.text)
    assert.equal((await page({ after, before: UNKNOWN })).text, next.text)
  })
