import { test } from 'node:test'
import { openWorld } from '../support/world.ts'
import { history } from './arbitrary-moves.ts'
import { OPENING } from './opening.ts'
import { assertAlike, play } from './play.ts'
import { holds } from './rounds.ts'
import { openScene } from './scene.ts'

/** How many histories. CI has little time; more rounds are for a night. */
const ROUNDS = Number(process.env.BURSAR_TEST_ROUNDS ?? 10)

const world = await openWorld()

test(`${ROUNDS} random histories: every answer is the one that the model predicts`, async (t) => {
  let steps = 0
  await holds(t, { rounds: ROUNDS, values: history }, async (moves) => {
    const scene = await openScene(world)
    for (const move of [...OPENING, ...moves]) await play(scene, move)
    await assertAlike(scene)
    steps += moves.length
  })
  t.diagnostic(`${steps} steps`)
})
