import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OperationId } from '../../src/api.gen.ts'
import { HOSTILE, type Value } from '../fuzz/hostile.ts'
import { operationOf, type Request } from '../support/contract-client.ts'
import { openWorld, type Tenant } from '../support/world.ts'
import { calls, operationIds } from './calls.ts'
import { furnishIn } from './furnish.ts'

const world = await openWorld()

/** A request that is valid but for one field. */
type SpoiledRequest = { field: string; why: string; request: Request }

const REMOVED: unique symbol = Symbol('removed')
type Substitute = Value | typeof REMOVED

/** Every place within a value, with a function that returns the value with that place spoiled. */
function placesIn(value: Value): { pointer: string[]; spoil: (by: Substitute) => Value }[] {
  if (typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value)
  return entries.flatMap(([key, inner]) => {
    const spoil = (by: Substitute): Value => {
      if (Array.isArray(value))
        return by === REMOVED ? value.toSpliced(Number(key), 1) : value.with(Number(key), by)
      const { [key]: _, ...others } = value
      return by === REMOVED ? others : { ...value, [key]: by }
    }
    const deeper = placesIn(inner).map(({ pointer, spoil: spoilWithin }) => ({
      pointer: [key, ...pointer],
      spoil: (by: Substitute) => spoil(spoilWithin(by)),
    }))
    return [{ pointer: [key], spoil }, ...deeper]
  })
}

const textOf = (value: Value) =>
  (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 2000)

const shown = (by: Substitute) => (by === REMOVED ? 'nothing' : textOf(by).slice(0, 60))

function spoiledBodies(request: Request): SpoiledRequest[] {
  const bys: readonly Substitute[] = [REMOVED, ...HOSTILE]
  return placesIn((request.body ?? null) as Value).flatMap(({ pointer, spoil }) =>
    bys.map((by) => ({
      field: pointer.join('/'),
      why: shown(by),
      request: { ...request, body: spoil(by) },
    })),
  )
}

/** `dimensions[userId]` is a part of `dimensions`. */
const fieldOfParameter = (name: string) => `query:${name.replace(/\[(\w+)\]$/, '/$1')}`

function spoiledParameters(id: OperationId, request: Request): SpoiledRequest[] {
  const { parameters, path, method } = operationOf(id)
  const query = typeof request.query === 'object' ? request.query : {}
  const inPath = Object.keys(request.params ?? {}).filter((name) => path.includes(`{${name}}`))
  const headers = ['Idempotency-Key', 'Bursar-Max-Staleness-Ms'].filter(
    (name) =>
      parameters.some((each) => each.name === name) &&
      (name !== 'Idempotency-Key' || method === 'POST'),
  )
  const texts = HOSTILE.filter((by) => typeof by === 'string')
  return texts.flatMap((by): SpoiledRequest[] => {
    const text = by.slice(0, 2000)
    const sendable = text.replaceAll(/[^\x20-\x7e]/g, '')
    return [
      ...Object.keys(query).map((name) => ({
        field: fieldOfParameter(name),
        why: text.slice(0, 60),
        request: { ...request, query: { ...query, [name]: text } },
      })),
      // With an empty segment, it is another path.
      ...(text === '' ? [] : inPath).map((name) => ({
        field: `path:${name}`,
        why: text.slice(0, 60),
        request: { ...request, params: { ...request.params, [name]: text } },
      })),
      ...headers.map((name) => ({
        field: `header:${name}`,
        why: sendable.slice(0, 60),
        request: { ...request, headers: { [name]: sendable } },
      })),
    ]
  })
}

/**
 * Fields that are refused because of others, which the refusal names: those that the caller can add
 * or change just as well.
 */
const NAMED_INSTEAD: Readonly<Record<string, string>> = {
  // It has a newer name.
  assignments: 'entityEntitlements',
  // An unknown id is that of a new entity.
  'entities/0/id': 'entities/0/entityTypeId',
  overage: 'amount',
}

/**
 * A part of the spoiled field counts. So does the list of a wrong item, or all dimensions for one
 * that makes them too large.
 */
function names(field: string | null, spoiled: string): boolean {
  if (field === null) return false
  const container = /^(.*)\/\d+$|^(.*\bdimensions)\/\w+$/.exec(spoiled)
  const accepted = [spoiled, NAMED_INSTEAD[spoiled], container?.[1], container?.[2]]
  return accepted.includes(field) || field.startsWith(`${spoiled}/`)
}

/** What a refusal says if it names another field. A response that is none has changed something. */
type Outcome = { wrong: string | null; isRefused: boolean }

async function outcomeOf(
  tenant: Tenant,
  id: OperationId,
  spoiled: SpoiledRequest,
): Promise<Outcome> {
  const { status, refusal, text } = await tenant.call(id, spoiled.request)
  if (refusal === null) return { wrong: null, isRefused: false }
  const isRight = ![400, 404, 409].includes(status) || names(refusal.field, spoiled.field)
  const wrong = `${spoiled.field} spoiled by ${spoiled.why}: ${text.slice(0, 300)}`
  return { wrong: isRight ? null : wrong, isRefused: true }
}

for (const id of operationIds)
  test(`${id} names the field that is at fault`, async () => {
    const request = calls[id]('spoiled')
    const tenant = await furnishIn(world, 'spoiled')
    const wrong: string[] = []
    let unchanged: Tenant | null = null
    for (const spoiled of [...spoiledBodies(request), ...spoiledParameters(id, request)]) {
      if ((await outcomeOf(tenant, id, spoiled)).wrong === null) continue
      // A request before it may have succeeded, and this one may be refused for that.
      unchanged ??= await furnishIn(world, 'spoiled')
      const outcome = await outcomeOf(unchanged, id, spoiled)
      if (outcome.wrong !== null) wrong.push(outcome.wrong)
      if (!outcome.isRefused) unchanged = null
    }
    assert.deepEqual(wrong, [])
  })
