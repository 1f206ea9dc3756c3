import { findCurrencies } from '../../catalog/currencies/index.ts'
import { findFeatures } from '../../catalog/features/index.ts'
import { findCustomerKey } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { machine } from '../../kernel/watched-clock.ts'
import type { Call } from '../../operation.ts'
import {
  type EngineContext,
  type EngineMemory,
  readVersions,
  type SeenVersions,
  sequencesOf,
} from '../cache/index.ts'
import type { Capability } from '../participants/index.ts'
import { type CheckResult, decideCheck, denyUnknownCustomer } from './decide-check.ts'
import { type CheckFacts, currencyOr404, gatherFacts } from './gather-facts.ts'
import type { Question } from './question.ts'

/**
 * Decides whether a customer may use a feature or spend a currency. If the customer, the resource
 * or the feature does not exist, the result is a denial. An unknown currency is 404
 * `CustomCurrencyNotFound`. The decision is as of an instant after the call. If the database has
 * the same versions as the state in memory, that state decides. Otherwise parts are read again.
 */
export async function check(
  call: Call,
  context: EngineContext,
  question: Question,
): Promise<CheckResult> {
  const memory = context.memoryOf(call.app)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const customerKey = await customerKeyOf(call, memory, question)
    if (customerKey === null) break
    const task = { call, context, memory, customerKey, question }
    const result = (await fromMemory(task)) ?? (await afterOthers(task)) ?? (await load(task))
    if (result !== null) return result
    // The database has lost this customer, and perhaps others.
    memory.keys.clear()
  }
  return denial(call, question)
}

/** After a fail-over to a database without the customer, it may exist again with another key. */
const ATTEMPTS = 2

type CheckTask = {
  call: Call
  context: EngineContext
  memory: EngineMemory
  customerKey: Uuid
  question: Question
}

async function customerKeyOf(
  { app, scope }: Call,
  { keys }: EngineMemory,
  { customerId }: Question,
): Promise<Uuid | null> {
  const name = `${scope.environmentKey} ${customerId}`
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = await findCustomerKey(app.db.read, scope, customerId)
  if (key !== null) keys.set(name, key)
  return key
}

/**
 * Decides from memory. Null if a part is missing or older than in the database. The database is not
 * asked if the caller accepts a state as old as the one in memory.
 */
async function fromMemory(task: CheckTask): Promise<CheckResult | null> {
  const { call, context, memory, customerKey } = task
  const state = memory.customers.peek(customerKey)
  if (state === undefined) return null
  const { seen } = state.usage
  const at = machine.monotonic()
  const oldest = at - (call.maxStalenessMs ?? 0)
  const isAccepted =
    seen !== null &&
    seen.at > oldest &&
    call.state?.acceptsFromMemory(sequencesOf(state, seen.versions)) !== false
  const known = isAccepted ? await factsOf(task, seen, null) : null
  if (known) return decideFromMemory(task, known)
  const { environmentKey } = call.scope
  const versions = await context.versionsOf(call.app.db)({ environmentKey, customerKey })
  const facts = versions && (await factsOf(task, { versions, at }, null))
  return facts ? decideFromMemory(task, facts) : null
}

function decideFromMemory({ memory }: CheckTask, facts: CheckFacts): CheckResult {
  memory.checks.hits += 1
  return decideCheck(facts)
}

/**
 * If another check is loading the same parts, waits for it and then decides from memory. Returns
 * null if there is no such check, or if a part is still missing.
 */
async function afterOthers(task: CheckTask): Promise<CheckResult | null> {
  const loading = task.memory.loads.get(nameOf(task))
  if (loading === undefined) return null
  // An error of that load is the result of the other check only.
  await loading.catch(() => {})
  return fromMemory(task)
}

const nameOf = ({ customerKey, question }: CheckTask): string => {
  const { resourceId, capability, dimensions } = question
  return JSON.stringify([customerKey, resourceId, capability.kind, capability.id, dimensions])
}

/**
 * Decides after reading the missing parts from the database, and caches them. Null if the database
 * does not have the customer.
 */
async function load(task: CheckTask): Promise<CheckResult | null> {
  const { call, memory } = task
  memory.checks.misses += 1
  const name = nameOf(task)
  const loading = call.app.db.snapshot((reader) => decideBy(task, reader), { plans: 'cached' })
  memory.loads.set(name, loading)
  try {
    return await loading
  } finally {
    if (memory.loads.get(name) === loading) memory.loads.delete(name)
  }
}

async function decideBy(task: CheckTask, reader: Reader): Promise<CheckResult | null> {
  const { call, customerKey } = task
  const { environmentKey } = call.scope
  const at = machine.monotonic()
  const [versions = null] = await readVersions(reader, [{ environmentKey, customerKey }])
  if (versions === null) return null
  const facts = await factsOf(task, { versions, at }, reader)
  if (facts === undefined) throw new Error('a part of a state was not read')
  return decideCheck(facts)
}

/**
 * Gathers the facts of a state, and notes for the caller which state that is. 503 if the caller has
 * seen a newer one. The facts are as of now, but never as of an instant before the customer's last
 * decision: the clock of the server that made it may be ahead of this one.
 */
async function factsOf(
  { call, context, memory, customerKey, question }: CheckTask,
  seen: SeenVersions,
  reader: Reader | null,
): Promise<CheckFacts | undefined> {
  const { versions } = seen
  const state = memory.customers.at(customerKey, versions)
  state.usage.seen = seen
  const sequences = sequencesOf(state, versions)
  call.state?.require(sequences)
  const source = {
    scope: call.scope,
    customerKey,
    state,
    cache: memory.customers,
    now: Math.max(call.app.clock.now(), versions.decidedAt),
    reader,
    entitlements: context.entitlements,
    environment: memory.environments.at(call.scope, versions),
    versions,
  }
  if (reader !== null) state.usage.reads += 1
  try {
    const facts = await gatherFacts(source, question)
    if (facts !== undefined) call.state?.note(sequences)
    return facts
  } finally {
    if (reader !== null) state.usage.reads -= 1
  }
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
