import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../test/support/deadline.ts'
import type { App } from './app.ts'
import { readConfig } from './config.ts'
import { openDatabase } from './db/index.ts'
import { createServer } from './http/index.ts'
import { startJobRunner } from './jobs/index.ts'
import { systemClock } from './kernel/clock.ts'
import { unavailable } from './kernel/errors.ts'
import { uuidv7 } from './kernel/ids.ts'
import { systemOrigin } from './kernel/origin.ts'
import { backgroundLog, createLog } from './log.ts'

type Line = { level: number; msg: string; count?: number; route?: string; err?: object }

const config = readConfig({}, process.cwd())

function memoryLog() {
  const texts: string[] = []
  const log = createLog(config, { write: (text: string) => void texts.push(text) })
  const lines = () => texts.map((text) => JSON.parse(text) as Line)
  const told = () => lines().reduce((sum, { count = 1 }) => sum + count, 0)
  return { log, texts, lines, told }
}

test('requests that get a 503 are logged once a second per kind, with their number and without stacks', async () => {
  const memory = memoryLog()
  const { server } = createServer(memory.log, config)
  server.get('/customers/:id', async () => {
    const refusal = unavailable('the database is out of reach; nothing was written, try again')
    refusal.cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    throw refusal
  })
  for (let index = 0; index < 500; index += 1) {
    const { statusCode } = await server.inject(`/customers/c${index}`)
    assert.equal(statusCode, 503)
  }
  await until('all are told', () => memory.told() === 500)
  assert.ok(memory.texts.length < 250, `${memory.texts.length} lines`)
  for (const text of memory.texts) {
    assert.ok(!text.includes('    at '), text)
    assert.ok(text.length < 500, text)
    assert.match(text, /"code":"ECONNREFUSED"/)
  }
})

test('a defect is logged with its stack, separately for each route', async () => {
  const memory = memoryLog()
  const { server } = createServer(memory.log, config)
  for (const route of ['/a/:id', '/b/:id'])
    server.get(route, async () => {
      throw new TypeError('undefined is not a function')
    })
  for (let index = 0; index < 50; index += 1) {
    await server.inject(`/a/${index}`)
    await server.inject(`/b/${index}`)
  }
  await until('all are told', () => memory.told() === 100)
  assert.ok(memory.texts.length < 50, `${memory.texts.length} lines`)
  assert.deepEqual([...new Set(memory.lines().map(({ route }) => route))], ['/a/:id', '/b/:id'])
  for (const text of memory.texts) assert.match(text, /"stack":"TypeError/)
})

test('a server without requests logs an unreachable database less and less often', async (t) => {
  const memory = memoryLog()
  const log = backgroundLog(memory.log)
  const connection = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' }
  const db = openDatabase({ connection, poolSize: 2, onIdleError: () => {} })
  const origin = systemOrigin('test')
  const app: App = { db, clock: systemClock, ids: uuidv7(), log, config, origin }
  const jobs = startJobRunner(app, {})
  t.after(async () => {
    await jobs.stop()
    await db.close()
  })
  await until('a line stands for several looks', () =>
    memory.lines().some(({ count = 1 }) => count >= 3),
  )
  assert.ok(memory.texts.length <= 4, memory.texts.join(''))
  for (const text of memory.texts) {
    assert.match(text, /looking for due work failed/)
    assert.ok(!text.includes('    at '), text)
  }
})
