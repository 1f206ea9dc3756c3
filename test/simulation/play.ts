import { type CheckInput, check } from './model/check.ts'
import type { Budget } from './model/state.ts'
import { budgetRows } from './model/tree-read.ts'
import type { Move, Unit } from './moves.ts'
import {
  playCommit,
  playConsume,
  playExtend,
  playLook,
  playRelease,
  playReserve,
} from './play-consume.ts'
import {
  playArchive,
  playArchiveCustomer,
  playBudgets,
  playChoose,
  playEntity,
  playGrant,
  playKeys,
  playMeter,
  playRevoke,
} from './play-structure.ts'
import { playAgain, playEvents, playUsage } from './play-usage.ts'
import { CURRENCY, CUSTOMERS, ENTITIES, expect, FEATURES, now, type Scene, TYPES } from './scene.ts'
import { assertCheck, assertRows } from './wire.ts'

type Of<Kind extends Move['kind']> = Extract<Move, { kind: Kind }>
type Plays = { readonly [Kind in Move['kind']]: (scene: Scene, move: Of<Kind>) => Promise<void> }

const PLAYS: Plays = {
  wait: async (scene, { ms }) => scene.world.clock.moveTo(now(scene) + ms),
  'wait until': async (scene, { unit, ms }) => {
    const to = endOf(unit, now(scene)) + ms
    if (to > now(scene)) scene.world.clock.moveTo(to)
  },
  choose: playChoose,
  keys: playKeys,
  entity: playEntity,
  archive: playArchive,
  'archive customer': playArchiveCustomer,
  budgets: playBudgets,
  grant: playGrant,
  revoke: playRevoke,
  meter: playMeter,
  usage: playUsage,
  events: playEvents,
  consume: playConsume,
  reserve: playReserve,
  commit: playCommit,
  extend: playExtend,
  release: playRelease,
  look: playLook,
  check: playCheck,
  read: playRead,
  again: playAgain,
}

/** Makes a move on the server and in the model, and compares the results. */
export async function play(scene: Scene, move: Move): Promise<void> {
  const step = PLAYS[move.kind] as (scene: Scene, move: Move) => Promise<void>
  await step(scene, move)
}

/** Returns the end of the calendar unit that contains an instant. */
function endOf(unit: Unit, at: number): number {
  const date = new Date(at)
  if (unit === 'MONTH') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
  const length = { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000, WEEK: 86_400_000 }[unit]
  const end = at - (at % length) + length
  return unit === 'WEEK' && new Date(end).getUTCDay() !== 1 ? endOf('WEEK', end) : end
}

async function playCheck(scene: Scene, move: Of<'check'>) {
  const { customerId, capability, requested, isBeta, dimensions } = move
  const named = capability === CURRENCY ? { currencyId: CURRENCY } : { featureId: capability }
  const asked = {
    customerId,
    ...named,
    ...(requested !== null && { requestedUsage: requested }),
    // A query string cannot contain an empty object.
    ...(Object.keys(dimensions ?? {}).length > 0 && { dimensions: dimensions ?? {} }),
    isBeta,
  }
  await expectCheck(scene, asked)
}

async function expectCheck(scene: Scene, asked: Omit<CheckInput, 'at' | 'isRecorded' | 'isHeld'>) {
  const { customerId, requestedUsage, dimensions, isBeta = false, ...named } = asked
  const query = {
    ...named,
    ...(requestedUsage !== undefined && { requestedUsage: String(requestedUsage) }),
    ...Object.fromEntries(
      Object.entries(dimensions ?? {}).map(([key, value]) => [`dimensions[${key}]`, String(value)]),
    ),
  }
  await expect(
    scene,
    {
      id: isBeta ? 'v1Beta.customers.entitlements.check' : 'v1.customers.checkEntitlement',
      request: { params: { id: customerId }, query },
      outcome: check(scene.state, asked, now(scene)),
    },
    (predicted, { data }) => assertCheck(predicted, data),
  )
}

const BUDGETED = FEATURES.filter(({ type }) => type === 'NUMBER').map(({ id }) => id)

async function playRead(scene: Scene, { customerId }: Of<'read'>) {
  const { data } = await scene.tenant.ok('v1.events.beta.customers.retrieveGovernance', {
    params: { id: customerId },
    query: { featureIds: BUDGETED.join(','), limit: '100' },
  })
  assertRows(budgetRows(scene.state, customerId, now(scene)), data)
}

/** Compares all checks: of each feature, for each entity alone. */
async function assertAlikeNow(scene: Scene): Promise<void> {
  for (const customerId of CUSTOMERS) {
    await playRead(scene, { kind: 'read', customerId })
    for (const featureId of [...BUDGETED, 'sso'])
      await expectCheck(scene, { customerId, featureId })
    for (const [id, type] of Object.entries(ENTITIES))
      for (const featureId of ['tokens', 'calls']) {
        const dimensions = { [TYPES[type]]: id }
        const asked = { customerId, featureId, requestedUsage: 5, dimensions }
        await expectCheck(scene, { ...asked, isBeta: true })
      }
  }
}

/** Compares what callers see now. Then also archived entities, and past windows. */
export async function assertAlike(scene: Scene): Promise<void> {
  await assertAlikeNow(scene)
  for (const customerId of CUSTOMERS) {
    const customer = scene.state.customers.get(customerId)
    const ids = [...(customer?.entities.keys() ?? [])]
    await playArchiveCustomer(scene, { kind: 'archive customer', customerId, to: false })
    await playArchive(scene, { kind: 'archive', customerId, ids, to: false })
    const rows = (customer?.budgets ?? []).map((budget) => ({ ...rowOf(budget), cadence: 'P1Y' }))
    if (rows.length > 0) await playBudgets(scene, { kind: 'budgets', customerId, rows })
    const all = { limit: null, soft: false, reset: null, endsInMs: null }
    for (const featureId of ['tokens', 'calls', 'spend', 'people']) {
      await playRevoke(scene, { kind: 'revoke', customerId, featureId })
      await playGrant(scene, { kind: 'grant', customerId, featureId, ...all })
    }
  }
  await assertAlikeNow(scene)
}

/** Returns the fields that identify a budget in a request. */
export const rowOf = ({ entityId, capability, scope }: Budget) => ({
  ...{ entityId, [`${capability.kind}Id`]: capability.id, scopeEntityIds: scope },
})
