import { readUnattributed } from '../../budgets/index.ts'
import type { DecisionNotes } from '../../decisions/index.ts'
import type { Request } from '../../entitlements/index.ts'
import { required } from '../../kernel/assert.ts'
import { badInput } from '../../kernel/errors.ts'
import { inBody, inQuery } from '../../kernel/field.ts'
import { wholeUnits } from '../../kernel/quantity.ts'
import type { Call, Handlers, OperationRequest } from '../../operation.ts'
import type { EngineContext } from '../cache/index.ts'
import { type CapabilityId, check, type Dimensions, type Question } from '../check/index.ts'
import { createBackgroundExpiry } from '../reservations/index.ts'
import { checkToWire, explanationToWire } from './check-wire.ts'
import { noteCheck } from './note-decisions.ts'

type Checks =
  | 'v1.customers.checkEntitlement'
  | 'v1.customers.explainEntitlement'
  | 'v1Beta.customers.entitlements.check'

export function checkHandlers(engine: EngineContext, notes: DecisionNotes): Handlers<Checks> {
  const expireInBackground = createBackgroundExpiry()
  const checkedFor = async (question: Question, call: Call) => {
    const checked = await check(call, engine, question)
    if (checked.hasExpired) expireInBackground(call, required(checked.customerKey, 'who reserved'))
    return checked
  }
  const notedFor = async (request: CheckRequest, call: Call, defaultUsage: number) => {
    const question = questionFromWire(request, defaultUsage)
    const checked = await checkedFor(question, call)
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
      const checked = await checkedFor(questionFromWire(request, defaultOf(request)), call)
      const { customerKey } = checked
      const unattributed =
        customerKey === null ? [] : await readUnattributed(call.app.db.read, customerKey)
      return { data: explanationToWire(checked, unattributed) }
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
