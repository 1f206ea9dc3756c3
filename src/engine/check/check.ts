import type { UnresolvedKeyCount } from '../../budgets/index.ts'
import { findCurrencies } from '../../catalog/currencies/index.ts'
import { findFeatures } from '../../catalog/features/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Call } from '../../operation.ts'
import { type EngineContext, unattributedIn } from '../cache/index.ts'
import type { Capability } from '../participants/index.ts'
import { askState } from './ask-state.ts'
import { type CheckResult, decideCheck, denyUnknownCustomer } from './decide-check.ts'
import type { FactSource } from './fact-source.ts'
import { currencyOr404, gatherFacts } from './gather-facts.ts'
import type { Question } from './question.ts'

/**
 * Decides whether a customer may use a feature or spend a currency. If the customer, the resource
 * or the feature does not exist, the result is a denial. An unknown currency is 404
 * `CustomCurrencyNotFound`. See `askState`.
 */
export async function check(
  call: Call,
  context: EngineContext,
  question: Question,
): Promise<CheckResult> {
  const checked = await askState(call, context, {
    customerId: question.customerId,
    name: nameOf('check', question),
    answer: (source) => answer(source, question),
  })
  return checked ?? denial(call, question)
}

/** A check, and the dimensions of the customer's records that named no entity. */
export type ExplainedCheck = CheckResult & { unattributed: readonly UnresolvedKeyCount[] }

/** Decides as `check` does, for an explanation. */
export async function explain(
  call: Call,
  context: EngineContext,
  question: Question,
): Promise<ExplainedCheck> {
  const explained = await askState(call, context, {
    customerId: question.customerId,
    name: nameOf('explain', question),
    answer: async (source) => {
      const [checked, unattributed] = await Promise.all([
        answer(source, question),
        unattributedIn(source),
      ])
      return checked && unattributed && { ...checked, unattributed }
    },
  })
  return explained ?? { ...(await denial(call, question)), unattributed: [] }
}

const nameOf = (use: string, { resourceId, capability, dimensions }: Question): string =>
  JSON.stringify([use, resourceId, capability.kind, capability.id, dimensions])

async function answer(source: FactSource, question: Question): Promise<CheckResult | undefined> {
  const facts = await gatherFacts(source, question)
  return facts && decideCheck(facts)
}

/** Returns the denial for a customer that does not exist. */
async function denial({ app, scope, state }: Call, question: Question): Promise<CheckResult> {
  await state?.verify()
  const { resourceId, dimensions, request } = question
  return denyUnknownCustomer({
    now: app.clock.now(),
    capability: await capabilityOf(app.db.read, scope, question.capability),
    request,
    isResourceKnown: resourceId === null,
    hasDimensions: dimensions !== null,
  })
}

async function capabilityOf(
  reader: Reader,
  scope: Scope,
  { kind, id, field }: Question['capability'],
): Promise<Capability> {
  if (kind === 'feature')
    return { kind, feature: (await findFeatures(reader, scope, [id]))[0] ?? null }
  const [currency = null] = await findCurrencies(reader, scope, [id])
  return { kind, currency: currencyOr404(currency, field, id) }
}
