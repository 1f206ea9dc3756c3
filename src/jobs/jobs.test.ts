import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWorldApart } from '../../test/support/world.ts'
import { column, row, sql } from '../db/index.ts'
import { outboxPurge, publish } from '../events/index.ts'
import { runDueWork, schedule, scheduleAll, unschedule } from './due-work.ts'
import { GOES_ON, type WorkHandlers } from './types.ts'

const DAY_MS = 86_400_000
const world = await openWorldApart({ BURSAR_EVENT_RETENTION_DAYS: '35' })
const { app } = world.bursar

/** Returns a new kind of work, so that tests on one database never run each other's work. */
let kinds = 0
const newKind = () => {
  kinds += 1
  return `test.${process.pid}.${kinds}`
}

const counting = (kind: string, count: () => void): WorkHandlers => ({
  [kind]: async () => {
    count()
    return null
  },
})

async function scheduled(kind: string, dueInMs: number, subject = 's') {
  const tenant = await world.tenant()
  const { scope } = tenant
  const dueAt = world.clock.now() + dueInMs
  await app.db.transaction((tx) =>
    schedule(tx, app, { scope, customerKey: null, kind, subject, dueAt }),
  )
  return tenant
}

test('work runs once, at its instant and not before', async () => {
  const kind = newKind()
  let ran = 0
  const handlers = counting(kind, () => {
    ran += 1
  })
  await scheduled(kind, 1000)
  await runDueWork(app, handlers)
  assert.equal(ran, 0)
  world.clock.moveTo(world.clock.now() + 1000)
  await runDueWork(app, handlers)
  await runDueWork(app, handlers)
  assert.equal(ran, 1)
})

test('concurrent runners run each piece of work once', async () => {
  const kind = newKind()
  const ran: string[] = []
  const handlers: WorkHandlers = {
    [kind]: async (tx, work) => {
      await tx.execute(sql`select pg_sleep(0.002)`)
      ran.push(work.subject)
      return null
    },
  }
  const subjects = Array.from({ length: 20 }, (_, index) => `s${index}`)
  for (const subject of subjects) await scheduled(kind, 0, subject)
  await Promise.all(Array.from({ length: 4 }, () => runDueWork(app, handlers)))
  assert.deepEqual(ran.sort(), subjects.sort())
})

test('work that goes on runs again in the next pass, after other work that is due', async () => {
  const [kind, other] = [newKind(), newKind()]
  const ran: string[] = []
  const note = (name: string, answer: typeof GOES_ON | null) => async () => {
    ran.push(name)
    return answer
  }
  const handlers = { [kind]: note('going on', GOES_ON), [other]: note('other', null) }
  await scheduled(kind, 0)
  let asked = 0
  const pass = () =>
    runDueWork(app, handlers, () => {
      asked += 1
    })
  await pass()
  await scheduled(other, 0)
  world.clock.moveTo(world.clock.now() + 1)
  await pass()
  assert.deepEqual([ran, asked], [['going on', 'other', 'going on'], 2])
})

test('work that returns an instant runs again at that instant', async () => {
  const kind = newKind()
  const at: number[] = []
  const handlers: WorkHandlers = {
    [kind]: async (_, __, now) => {
      at.push(now)
      return at.length < 3 ? now + DAY_MS : null
    },
  }
  await scheduled(kind, 0)
  for (let day = 0; day < 5; day += 1) {
    await runDueWork(app, handlers)
    world.clock.moveTo(world.clock.now() + DAY_MS)
  }
  assert.equal(at.length, 3)
})

test('failed work leaves nothing behind and is retried at growing intervals', async () => {
  const kind = newKind()
  const tenant = await scheduled(kind, 0)
  let tries = 0
  const handlers: WorkHandlers = {
    [kind]: async (tx, work, now) => {
      tries += 1
      const call = { app, scope: work.scope, now, origin: app.origin }
      const event = { customerKey: null, objectId: `try ${tries}`, before: null, after: {} }
      await publish(tx, call, [{ type: 'customer.created', ...event }])
      if (tries < 3) throw new Error('on purpose')
      return null
    },
  }
  await runDueWork(app, handlers)
  await runDueWork(app, handlers)
  assert.equal(tries, 1)
  world.clock.moveTo(world.clock.now() + 2000)
  await runDueWork(app, handlers)
  world.clock.moveTo(world.clock.now() + 3999)
  await runDueWork(app, handlers)
  assert.equal(tries, 2)
  world.clock.moveTo(world.clock.now() + 1)
  await runDueWork(app, handlers)
  assert.deepEqual(
    (await tenant.announced()).map(({ objectId }) => objectId),
    ['try 3'],
  )
})

test('scheduling the same work again moves it', async () => {
  const kind = newKind()
  const { scope } = await scheduled(kind, 0)
  const dueAt = world.clock.now() + DAY_MS
  await app.db.transaction((tx) =>
    schedule(tx, app, { scope, customerKey: null, kind, subject: 's', dueAt }),
  )
  let ran = 0
  const handlers = counting(kind, () => {
    ran += 1
  })
  await runDueWork(app, handlers)
  assert.equal(ran, 0)
  world.clock.moveTo(dueAt)
  await runDueWork(app, handlers)
  assert.equal(ran, 1)
})

test('several pieces can be scheduled at once, and a cancelled piece never runs', async () => {
  const [kind, other] = [newKind(), newKind()]
  const { scope } = await world.tenant()
  const dueAt = world.clock.now() + 1000
  const customerKey = app.ids.next(dueAt)
  const piece = (subject: string, of = kind) => ({ scope, customerKey, kind: of, subject, dueAt })
  await app.db.transaction(async (tx) => {
    await scheduleAll(tx, app, [])
    await scheduleAll(tx, app, [piece('a'), piece('b'), piece('b', other), piece('c', other)])
    await unschedule(tx, { customerKey, kinds: [kind, other], subject: 'b' })
  })
  const ran: string[] = []
  const note = async (_: unknown, { subject }: { subject: string }) => {
    ran.push(subject)
    return null
  }
  world.clock.moveTo(dueAt)
  await runDueWork(app, { [kind]: note, [other]: note })
  assert.deepEqual(ran, ['a', 'c'])
})

test('events are kept for the configured number of days and are purged once a day', async () => {
  const tenant = await world.tenant()
  const provision = (id: string) => tenant.ok('v1.customers.provision', { body: { id } })
  await provision('old')
  world.clock.moveTo(world.clock.now() + 20 * DAY_MS)
  await provision('young')
  const left = async () => {
    // This is the server's own runner. A second one would skip the rows that the first has locked.
    await world.bursar.jobs.runNow()
    return (await tenant.announced()).map(({ objectId }) => objectId)
  }
  world.clock.moveTo(world.clock.now() + 15 * DAY_MS)
  assert.deepEqual(await left(), ['old', 'young'])
  world.clock.moveTo(world.clock.now() + DAY_MS)
  assert.deepEqual(await left(), ['young'])
  world.clock.moveTo(world.clock.now() + 30 * DAY_MS)
  assert.deepEqual(await left(), [])
  const counted = row({ n: column.integer })
  const { n } = await app.db.read.one(
    counted,
    sql`select count(*) as n from due_work
      where environment_key = ${tenant.scope.environmentKey}::uuid and kind = ${outboxPurge.kind}`,
  )
  assert.equal(n, 1)
})
