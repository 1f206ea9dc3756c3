import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntitlementExplanation } from '../../src/api.gen.ts'
import { instantFromWire, instantToWire } from '../../src/kernel/clock.ts'
import { openWorldApart } from '../support/world.ts'
import { history, record, textual } from './arbitrary-moves.ts'
import { OPENING } from './opening.ts'
import { play } from './play.ts'
import { holds } from './rounds.ts'
import { CURRENCY, now, openScene, type Scene } from './scene.ts'

/** The number of histories. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 4)
const DAY_MS = 86_400_000

const world = await openWorldApart({}, { isGuarded: true })

type Question = { capability: string; requested: number; dimensions: Record<string, string> }
const question: fc.Arbitrary<Question> = record({
  capability: fc.constantFrom('tokens', 'tokens', 'seats', 'calls', 'spend', CURRENCY),
  requested: fc.nat({ max: 12 }),
  dimensions: textual,
})
/** Questions, each with a fraction of the time during which its result must stay the same. */
const questions = fc.array(fc.tuple(question, fc.double({ min: 0, max: 1, noNaN: true })), {
  minLength: 8,
  maxLength: 8,
})

async function ask({ tenant }: Scene, asked: Question): Promise<EntitlementExplanation> {
  const { capability, requested, dimensions } = asked
  const query = {
    ...(capability === CURRENCY ? { currencyId: CURRENCY } : { featureId: capability }),
    requestedUsage: String(requested),
    ...Object.fromEntries(
      Object.entries(dimensions).map(([key, value]) => [`dimensions[${key}]`, value]),
    ),
  }
  const { data } = await tenant.ok('v1.customers.explainEntitlement', {
    params: { id: 'acme' },
    query,
  })
  return data
}

/** Returns the decision, the reason, the limits and the reset times. */
const viewOf = (answer: EntitlementExplanation) => ({
  isGranted: answer.isGranted,
  reason: answer.accessDeniedReason,
  usageLimit: answer.usageLimit,
  usagePeriodEnd: answer.type === 'FEATURE' ? answer.usagePeriodEnd : null,
  nodes: answer.chains.flat().map(({ entityId, usageLimit, isGranted, resetsAt }) => {
    return { entityId, usageLimit, isGranted, resetsAt }
  }),
})

test(`after ${ROUNDS} random histories, answers stay the same until validUntil if nothing is written`, async (t) => {
  let bounded = 0
  const values = fc.tuple(history, questions)
  await holds(t, { rounds: ROUNDS, values }, async ([moves, asked]) => {
    const scene = await openScene(world)
    for (const move of [...OPENING, ...moves]) await play(scene, move)
    for (const [each, share] of asked) {
      const from = now(scene)
      const first = await ask(scene, each)
      const { validUntil } = first
      if (validUntil !== undefined) bounded += 1
      const last =
        (validUntil === undefined ? from + 400 * DAY_MS : instantFromWire(validUntil)) - 1
      assert.ok(last >= from)
      for (const at of [from + Math.floor(share * (last - from)), last]) {
        scene.world.clock.moveTo(at)
        assert.deepEqual(viewOf(await ask(scene, each)), viewOf(first), instantToWire(at))
      }
    }
  })
  t.diagnostic(`${bounded} answers that said until when they hold`)
  assert.ok(bounded > 0)
})
