import type { DecisionNotes } from '../../decisions/index.ts'
import { entitlementsToWire, type Request } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inQuery } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Call, Handlers, OperationRequest } from '../../operation.ts'
import type { EngineContext } from '../cache/index.ts'
import {
  type CapabilityId,
  check,
  type Dimensions,
  explain,
  listEntitlements,
  type Question,
} from '../check/index.ts'
import { createBackgroundExpiry } from '../reservations/index.ts'
import { checkToWire, explanationToWire } from './check-wire.ts'
import { noteCheck } from './note-decisions.ts'

type Checks =
  | 'v1.customers.checkEntitlement'
  | 'v1.customers.explainEntitlement'
  | 'v1.customers.retrieveEntitlements'
  | 'v1Beta.customers.entitlements.check'

export function checkHandlers(engine: EngineContext, notes: DecisionNotes): Handlers<Checks> {
  const expireInBackground = createBackgroundExpiry()
  const expiring = <Read extends { customerKey: Uuid | null; hasExpired: boolean }>(
    call: Call,
    read: Read,
  ): Read => {
    if (read.hasExpired) expireInBackground(call, required(read.customerKey, 'who reserved'))
    return read
  }
  const notedFor = async (request: CheckRequest, call: Call, defaultUsage: number) => {
    const question = questionFromWire(request, defaultUsage)
    const checked = expiring(call, await check(call, engine, question))
    noteCheck({ notes, call, kind: 'CHECK' }, { question, checked })
    return checked
  }
  return {
    'v1.customers.checkEntitlement': async (request, call) => ({
      data: checkToWire(await notedFor(request, call, defaultOf(request))),
    }),
    'v1Beta.customers.entitlements.check': async (request, call) => ({
      data: checkToWire(await notedFor(request, call, 1)),
    }),
    'v1.customers.explainEntitlement': async (request, call) => {
      const question = questionFromWire(request, defaultOf(request))
      const explained = expiring(call, await explain(call, engine, question))
      return { data: explanationToWire(explained, explained.unattributed) }
    },
    'v1.customers.retrieveEntitlements': async ({ params, query }, call) => {
      const customer = { customerId: params.id, resourceId: query.resourceId ?? null }
      const listed = await listEntitlements(call, engine, customer)
      return { data: entitlementsToWire(expiring(call, listed)) }
    },
  }
}

type CheckRequest = Pick<OperationRequest<'v1.customers.checkEntitlement'>, 'params' | 'query'>

/** With dimensions, a check requests 1 by default, so that an exhausted budget denies. */
const defaultOf = ({ query }: CheckRequest): number => (query.dimensions === undefined ? 0 : 1)

function questionFromWire({ params, query }: CheckRequest, defaultUsage: number): Question {
  return {
    customerId: params.id,
    resourceId: query.resourceId ?? null,
    capability: capabilityFromWire(query, 'query'),
    request: requestFromWire(query, defaultUsage),
    dimensions: query.dimensions === undefined ? null : dimensionsFromWire(query.dimensions),
  }
}

/** 400 `InvalidArgumentError` for both ids or none. */
export function capabilityFromWire(
  { featureId, currencyId }: { featureId?: string; currencyId?: string },
  where: 'query' | 'body',
): CapabilityId {
  const fieldOf = where === 'query' ? inQuery : inBody
  if (featureId !== undefined && currencyId === undefined)
    return { kind: 'feature', id: featureId, field: fieldOf('featureId') }
  if (currencyId !== undefined && featureId === undefined)
    return { kind: 'currency', id: currencyId, field: fieldOf('currencyId') }
  throw badInput(
    fieldOf(featureId === undefined ? 'featureId' : 'currencyId'),
    `${where}: send either featureId or currencyId`,
    'InvalidArgumentError',
  )
}

function requestFromWire(
  { requestedUsage, requestedValues }: CheckRequest['query'],
  defaultUsage: number,
): Request {
  if (requestedUsage !== undefined && requestedUsage < 0)
    throw badInput(
      inQuery('requestedUsage'),
      'query: requestedUsage must not be negative',
      'InvalidArgumentError',
    )
  return {
    usage: requestedUsage === undefined ? null : wholeUnits(requestedUsage),
    // An empty list arrives as an empty text, which is not a value.
    values: requestedValues?.join() ? requestedValues : null,
    defaultUsage: wholeUnits(defaultUsage),
  }
}

/** Values name entities by their text, whatever their type. */
export const dimensionsFromWire = (
  dimensions: Readonly<Record<string, string | number | boolean>>,
): Dimensions => Object.entries(dimensions).map(([name, value]) => [name, String(value)])
