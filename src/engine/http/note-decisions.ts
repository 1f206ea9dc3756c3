import type { BudgetNode } from '../../budgets/index.ts'
import type { DecisionKind, DecisionNotes, Denial } from '../../decisions/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import { inBody } from '../../kernel/field.ts'
import type { Call } from '../../operation.ts'
import type { CheckResult, Question } from '../check/index.ts'
import type { ConsumptionAnswer, DenialBasis } from '../consume/index.ts'
import { requestOf } from '../participants/index.ts'
import type { ConsumptionInput } from '../types.ts'
import { explanationToWire } from './check-wire.ts'

/** A question, and its result. */
type CheckAnswer = { question: Question; checked: CheckResult }

/** Notes the result of a check. A granted one is only counted. */
export function noteCheck(
  { notes, call, kind }: { notes: DecisionNotes; call: Call; kind: DecisionKind },
  { question, checked }: CheckAnswer,
): void {
  const { accessDeniedReason: reason } = checked.decision
  if (reason === null) notes.granted(call, kind)
  else notes.denied(call, kind, denialOf({ question, checked }, reason))
}

/** The response to a consumption, and until when it stays the same if nothing is written. */
type ConsumptionResponse = {
  input: ConsumptionInput
  answer: ConsumptionAnswer
  until: Instant | null
}

/** Notes the result of a consumption or a reservation, unless it repeats an earlier one. */
export function noteConsumption(
  { notes, call }: { notes: DecisionNotes; call: Call },
  { input, answer, until }: ConsumptionResponse,
): void {
  const { isRepeated, recorded, denial, accessDeniedReason: reason } = answer
  if (isRepeated) return
  const kind = input.mode.kind === 'hold' ? 'RESERVE' : 'CONSUME'
  if (recorded) notes.recorded(call, 1)
  if (denial === null || reason === null) {
    notes.granted(call, kind)
    return
  }
  const checked = { ...checkedOf(answer, denial), validUntil: until }
  notes.denied(call, kind, denialOf({ question: questionOf(input), checked }, reason))
}

/** The check that asks what a consumption asked. */
const questionOf = (input: ConsumptionInput): Question => ({
  customerId: input.customerId,
  resourceId: input.resourceId,
  capability: { kind: 'feature', id: input.featureId, field: inBody('featureId') },
  request: requestOf(input.amount),
  dimensions: input.hasDimensions
    ? Object.entries(input.dimensions).map(([name, value]) => [name, String(value)])
    : null,
})

/** The result of that check, on the facts on which the consumption was denied. */
const checkedOf = (
  { unresolved, decidedBy }: ConsumptionAnswer,
  { decision, evaluated, chains, denying }: DenialBasis,
): Omit<CheckResult, 'validUntil'> => ({
  decision,
  shown: { evaluated, ...(unresolved && { denying, chains, unresolved }) },
  customerKey: decidedBy?.customerKey ?? null,
  hasExpired: false,
})

/** The memory of a denial without its budget paths and dimensions, and of a node, in bytes. */
const DENIAL_BYTES = 2000
const NODE_BYTES = 400

/** Runs on the path of requests. What takes long is left to `describe`. */
function denialOf(of: CheckAnswer, reason: Denial['reason']): Denial {
  const { customerId, resourceId, capability, dimensions } = of.question
  const { chains = [] } = of.checked.shown
  let nodes = 0
  let blocking: BudgetNode | undefined
  for (const chain of chains) {
    nodes += chain.length
    blocking ??= chain.find((node) => !node.isGranted)
  }
  const texts = (dimensions ?? []).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  )
  return {
    customerId,
    resourceId,
    capability,
    reason,
    entityId: (blocking ?? chains[0]?.[0])?.entityId ?? null,
    bytes: DENIAL_BYTES + NODE_BYTES * nodes + 2 * texts,
    describe: () => describe(of),
  }
}

function describe({ question, checked }: CheckAnswer) {
  const nodes = (checked.shown.chains ?? []).flat()
  const denying = nodes.filter((node) => !isGranting(node))
  const { usage, values } = question.request
  return {
    request: { usage, values, dimensions: textsOf(question) },
    entityIds: [...new Set(nodes.map(({ entityId }) => entityId))],
    budgetKeys: [...new Set(denying.flatMap(({ budget }) => budget?.assignmentKey ?? []))],
    explain: (unattributed: Parameters<typeof explanationToWire>[1]) =>
      explanationToWire(checked, unattributed),
  }
}

const isGranting = ({ isGranted }: BudgetNode): boolean => isGranted

const textsOf = ({ dimensions }: Question) => dimensions && Object.fromEntries(dimensions)
