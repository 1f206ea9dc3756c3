import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencesOf } from '../support/verified.ts'
import { openWorldApart } from '../support/world.ts'
import { history } from './arbitrary-moves.ts'
import { OPENING } from './opening.ts'
import { assertAlike, play } from './play.ts'
import { holds } from './rounds.ts'
import { CUSTOMERS, openScene, type Scene } from './scene.ts'

/** The number of histories. Few by default, because CI has little time. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 4)

const world = await openWorldApart({}, { isGuarded: true })

/** Asserts that all stored usage agrees with its records. */
async function assertVerified({ tenant }: Scene): Promise<void> {
  for (const id of CUSTOMERS) assert.deepEqual(await differencesOf(world, tenant, id), {}, id)
}

test(`${ROUNDS} random histories: every answer is as the model predicts`, async (t) => {
  let steps = 0
  await holds(t, { rounds: ROUNDS, values: history }, async (moves) => {
    const scene = await openScene(world)
    for (const move of [...OPENING, ...moves]) await play(scene, move)
    await assertVerified(scene)
    await assertAlike(scene)
    await assertVerified(scene)
    steps += moves.length
  })
  t.diagnostic(`${steps} steps`)
})
