import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { contract } from '../support/api-document.ts'
import { subscriptionsIn } from '../support/subscriptions.ts'
import { openWorld } from '../support/world.ts'
import { operationIds } from './calls.ts'
import { furnishRefusals, refusedCalls, TESTED_ELSEWHERE } from './refused-calls.ts'

const world = await openWorld()
const to = subscriptionsIn(world)
await furnishRefusals(to)

type Responses = Readonly<Record<string, { description?: string }>>
const responsesOf = new Map(
  Object.values(contract.document.paths as object).flatMap((item) =>
    Object.values(item as Record<string, { operationId: string; responses: Responses }>).map(
      ({ operationId, responses }) => [operationId, responses] as const,
    ),
  ),
)

/** The codes that the API document names for an operation, with their statuses. */
function codesOf(id: string): Map<string, number> {
  const { 400: bad, 404: missing, 409: taken } = responsesOf.get(id) ?? {}
  const codes = new Map<string, number>()
  // "`Code`: condition", and "`Code`, `Code`: condition".
  for (const [status, description = ''] of [
    [400, bad?.description],
    [404, missing?.description],
  ] as const)
    for (const [, code = ''] of description.matchAll(/`([A-Z]\w+)`(?=[:,])/g))
      codes.set(code, status)
  if (taken !== undefined) codes.set('DuplicatedEntityNotAllowed', 409)
  return codes
}

const SOLD = /^v1\.(products|plans|addons|subscriptions)\./

for (const id of operationIds.filter((each) => SOLD.test(each)))
  test(`${id} refuses requests with each code that the API document names`, async () => {
    const codes = codesOf(id)
    const calls = refusedCalls.get(id) ?? {}
    const elsewhere = TESTED_ELSEWHERE[id] ?? {}
    assert.deepEqual(
      [...codes.keys()].sort(),
      [...Object.keys(calls), ...Object.keys(elsewhere)].sort(),
    )
    const events = (await to.tenant().announced()).length
    for (const [code, request] of Object.entries(calls))
      await to.tenant().refused(id, request, { status: codes.get(code) ?? 0, code })
    assert.equal((await to.tenant().announced()).length, events)
    for (const [code, file] of Object.entries(elsewhere)) {
      const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
      assert.ok(text.includes(code), `${file} does not name ${code}`)
    }
  })
