import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../kernel/errors.ts'
import { type BatchLimits, createBatchQueue, type Outcome, type QueueEntry } from './batch-queue.ts'

const LIMITS: BatchLimits = {
  maxBatches: 1,
  minBatchSize: 1,
  maxRecords: 10,
  quantum: 2,
  maxPassOvers: 2,
  maxWaitingPerCustomer: 50,
  maxWaiting: 100,
  maxWaitingBytes: 1000,
}

type NamedEntry = QueueEntry & { name: string }

const entry = (name: string, more: Partial<NamedEntry> = {}): NamedEntry => ({
  name,
  environmentKey: 'e',
  customerKeys: [name.slice(0, 1)],
  records: 1,
  bytes: 1,
  ...more,
})

/** Entries with an upper-case name are committed in another way than the others. */
const wayOf = ({ name }: NamedEntry): string => (/^[A-Z]/.test(name) ? 'upper' : 'lower')

type Commit = (batch: readonly NamedEntry[]) => readonly Outcome<string>[]
const done: Commit = (batch) => batch.map(({ name }) => ({ answer: name }))

/** A queue whose batches end when the test says so. */
function openQueue(limits: Partial<BatchLimits> = {}, commit: Commit = done) {
  const batches: string[][] = []
  const ends: (() => void)[] = []
  const queue = createBatchQueue<NamedEntry, string>(
    { ...LIMITS, ...limits },
    async (batch) => {
      batches.push(batch.map(({ name }) => name))
      await new Promise<void>((end) => ends.push(end))
      return commit(batch)
    },
    {
      isNotRetryable: (error) => error instanceof Error && error.message === 'not retryable',
      isLockTimeout: (error) => error instanceof Error && error.message === 'locked',
      afterArrivals: (start) => start(),
      wayOf,
    },
  )
  const settled = new Map<string, unknown>()
  return {
    batches,
    settled,
    submit: (...entries: NamedEntry[]) => {
      for (const each of entries)
        queue.submit(each).then(
          (answer) => settled.set(each.name, answer),
          (error) => settled.set(each.name, error),
        )
    },
    /** Ends the running batch with the index `which`, counted from the oldest. */
    end: async (which = 0) => {
      ends.splice(which, 1)[0]?.()
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    },
    endAll: async () => {
      while (ends.length > 0) {
        ends.shift()?.()
        await new Promise(setImmediate)
      }
    },
  }
}

test('an idle queue starts at once, and requests that arrive meanwhile share the next batch', async () => {
  const { submit, batches, end, settled } = openQueue()
  submit(entry('a1'))
  assert.deepEqual(batches, [['a1']])
  submit(entry('b1'), entry('a2'), entry('b2'))
  assert.deepEqual(batches, [['a1']])
  await end()
  assert.deepEqual(batches, [['a1'], ['b1', 'b2', 'a2']])
  assert.deepEqual([...settled], [['a1', 'a1']])
})

test('customers are served round-robin', async () => {
  const { submit, batches, end } = openQueue({ maxRecords: 6 })
  submit(entry('x'))
  submit(...Array.from({ length: 9 }, (_, n) => entry(`a${n}`)), entry('b0'), entry('c0'))
  await end()
  assert.deepEqual(batches[1], ['a0', 'a1', 'b0', 'c0', 'a2', 'a3'])
  submit(entry('b1'))
  await end()
  assert.deepEqual(batches[2], ['a4', 'a5', 'b1', 'a6', 'a7', 'a8'])
})

test('a batch does not exceed the maximum of records, except for a single larger entry', async () => {
  const { submit, batches, end } = openQueue()
  submit(entry('x'))
  submit(entry('a1', { records: 6 }), entry('b1', { records: 6 }), entry('c1', { records: 99 }))
  for (let n = 0; n < 3; n += 1) await end()
  assert.deepEqual(batches.slice(1), [['a1'], ['b1'], ['c1']])
})

test('a batch has entries of one environment, and environments take turns', async () => {
  const { submit, batches, end } = openQueue()
  submit(entry('x'))
  const other = { environmentKey: 'f' }
  submit(entry('a1'), entry('b1', other), entry('c1'), entry('d1', other))
  await end()
  submit(entry('a2'), entry('c2'))
  await end()
  await end()
  assert.deepEqual(batches.slice(1), [
    ['a1', 'c1'],
    ['b1', 'd1'],
    ['a2', 'c2'],
  ])
})

test('batches that run at once have no customer in common', async () => {
  const { submit, batches, end } = openQueue({ maxBatches: 2 })
  submit(entry('a1'), entry('a2'), entry('b1'), entry('b2'), entry('a3'))
  assert.deepEqual(batches, [['a1'], ['b1']])
  await end()
  assert.deepEqual(batches[2], ['a2', 'a3'])
})

test('requests of a customer wait for its running batch, however many arrive meanwhile', async () => {
  const { submit, batches, end } = openQueue({ maxBatches: 2, maxPassOvers: 0.5 })
  submit(entry('a1'))
  for (let n = 2; n < 9; n += 1) submit(entry(`a${n}`))
  assert.deepEqual(batches, [['a1']])
  await end()
  assert.deepEqual(batches[1], ['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8'])
})

test('a second batch starts beside the first when enough requests wait', async () => {
  const { submit, batches, end } = openQueue({ maxBatches: 2, minBatchSize: 3 })
  submit(entry('a1'), entry('b1'), entry('c1'))
  assert.deepEqual(batches, [['a1']])
  submit(entry('d1'))
  assert.deepEqual(batches[1], ['b1', 'c1', 'd1'])
  submit(entry('e1'))
  await end()
  await end()
  assert.deepEqual(batches[2], ['e1'])
})

test('while a long batch runs, requests wait only for the maximum delay', async () => {
  const { submit, batches } = openQueue({ maxBatches: 2, minBatchSize: 3 })
  submit(entry('a1'), entry('b1'))
  while (batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.deepEqual(batches, [['a1'], ['b1']])
})

test('a customer with a very long batch does not keep others waiting', async () => {
  const { submit, batches, end } = openQueue({ maxBatches: 2 })
  submit(entry('a1'), entry('b1'), entry('a2'))
  for (let n = 2; n < 9; n += 1) {
    submit(entry(`b${n}`))
    await end(1)
  }
  assert.deepEqual(batches.flat(), ['a1', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8'])
})

test('an entry of several customers waits for each of them, but not for ever', async () => {
  const { submit, batches, end } = openQueue({ maxBatches: 2, maxPassOvers: 3 })
  submit(entry('a1'), entry('b1'))
  submit(entry('ab', { customerKeys: ['a', 'b'] }))
  for (let n = 2; n < 9; n += 1) {
    submit(entry(`a${n}`), entry(`b${n}`))
    await end()
  }
  assert.ok(batches.flat().includes('ab'), JSON.stringify(batches))
})

test('a refused entry does not affect the other entries of its batch', async () => {
  const commit: Commit = (batch) =>
    batch.map(({ name }) => (name === 'b1' ? { refusal: 'no' } : { answer: name }))
  const { submit, settled, endAll } = openQueue({}, commit)
  submit(entry('a1'), entry('b1'), entry('c1'))
  await endAll()
  assert.deepEqual(Object.fromEntries(settled), { a1: 'a1', b1: 'no', c1: 'c1' })
})

test('after a failed batch its entries are retried one by one, so that only the cause fails', async () => {
  const commit: Commit = (batch) => {
    if (batch.some(({ name }) => name === 'b1')) throw new Error('on purpose')
    return done(batch)
  }
  const { submit, settled, batches, endAll } = openQueue({}, commit)
  submit(entry('x'))
  submit(entry('a1'), entry('b1'), entry('c1'), entry('a2'))
  await endAll()
  assert.deepEqual(
    batches.slice(1).map((batch) => batch.length),
    [4, 1, 1, 1, 1],
  )
  const { b1, ...rest } = Object.fromEntries(settled)
  assert.deepEqual(rest, { x: 'x', a1: 'a1', c1: 'c1', a2: 'a2' })
  assert.match(String(b1), /on purpose/)
})

test('a batch of a locked customer fails as a whole, and the customer is batched alone until it succeeds', async () => {
  let isLocked = true
  const commit: Commit = (batch) => {
    if (isLocked && batch.some(({ customerKeys }) => customerKeys.includes('b')))
      throw new Error('locked')
    return done(batch)
  }
  const { submit, batches, settled, endAll } = openQueue({}, commit)
  const round = async (n: number) => {
    batches.length = 0
    submit(entry(`x${n}`), entry(`a${n}`), entry(`b${n}`), entry(`bb${n}`), entry(`c${n}`))
    await endAll()
    return batches.map((batch) => batch.join(' '))
  }
  assert.deepEqual(await round(1), ['x1', 'a1 b1 bb1 c1', 'c1', 'b1 bb1', 'a1'])
  assert.deepEqual(await round(2), ['x2', 'a2 c2', 'b2 bb2'])
  isLocked = false
  assert.deepEqual(await round(3), ['x3', 'a3 c3', 'b3 bb3'])
  assert.deepEqual(await round(4), ['x4', 'a4 b4 bb4 c4'])
  const rejected = [...settled].filter(([name, answer]) => answer !== name)
  assert.deepEqual(
    rejected.map(([name]) => name),
    ['b1', 'bb1', 'b2', 'bb2'],
  )
})

test('an entry of several customers is retried alone after a lock timeout', async () => {
  const commit: Commit = (batch) => {
    if (batch.some(({ customerKeys }) => customerKeys.includes('b'))) throw new Error('locked')
    return done(batch)
  }
  const { submit, settled, endAll } = openQueue({}, commit)
  submit(entry('x1'))
  submit(
    entry('bc', { customerKeys: ['b', 'c'] }),
    entry('cd', { customerKeys: ['c', 'd'] }),
    entry('a1'),
  )
  await endAll()
  const { bc, ...rest } = Object.fromEntries(settled)
  assert.deepEqual(rest, { x1: 'x1', cd: 'cd', a1: 'a1' })
  assert.match(String(bc), /locked/)
})

test('a batch with an error that is not retryable fails as a whole', async () => {
  const commit: Commit = () => {
    throw new Error('not retryable')
  }
  const { submit, settled, batches, endAll } = openQueue({}, commit)
  submit(entry('x'), entry('a1'), entry('b1'))
  await endAll()
  assert.equal(batches.length, 2)
  assert.deepEqual([...settled.values()].map(String), Array(3).fill('Error: not retryable'))
})

const statusOf = (refusal: unknown) =>
  refusal instanceof ApiError ? [refusal.status, refusal.headers['retry-after']] : refusal

test('waiting entries are limited by number and bytes, per customer and in total', async () => {
  const { submit, settled, endAll } = openQueue({
    maxWaitingPerCustomer: 2,
    maxWaiting: 4,
    maxWaitingBytes: 20,
  })
  submit(entry('x'))
  submit(
    entry('a1'),
    entry('a2'),
    entry('a3'),
    entry('b1', { bytes: 19 }),
    entry('b2', { bytes: 8 }),
  )
  submit(entry('c1'), entry('d1'))
  await new Promise(setImmediate)
  assert.deepEqual(
    Object.fromEntries([...settled].map(([name, refusal]) => [name, statusOf(refusal)])),
    { a3: [429, '1'], b1: [503, '1'], d1: [503, '1'] },
  )
  await endAll()
  submit(entry('a4'))
  await endAll()
  assert.equal(settled.get('a4'), 'a4')
})

test('only entries that are committed in the same way share a batch', async () => {
  const { batches, submit, end } = openQueue()
  submit(entry('x'))
  submit(entry('a'), entry('B'), entry('c'), entry('D'))
  await end()
  await end()
  assert.deepEqual(batches, [['x'], ['a', 'c'], ['B', 'D']])
})

test('a queue that has nothing for a batch is looked at once', async () => {
  const looks = new Map<string, number>()
  const queue = createBatchQueue<NamedEntry, string>(
    { ...LIMITS, maxRecords: 40 },
    async (batch) => done(batch),
    {
      isNotRetryable: () => false,
      isLockTimeout: () => false,
      afterArrivals: setImmediate,
      wayOf: (each) => {
        looks.set(each.name, (looks.get(each.name) ?? 0) + 1)
        return wayOf(each)
      },
    },
  )
  const many = Array.from({ length: 40 }, (_, n) => entry(`a${n}`))
  await Promise.all([...many, entry('B')].map((each) => queue.submit(each)))
  // Once for the batch of `a`, and once for its own.
  assert.equal(looks.get('B'), 2)
})

test('every entry gets one answer, and all batches are within the limits', async () => {
  const shape = fc.record({
    environmentKey: fc.constantFrom('e', 'f'),
    customerKeys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    records: fc.integer({ min: 1, max: 12 }),
  })
  const limits = { ...LIMITS, maxBatches: 2, maxPassOvers: Number.POSITIVE_INFINITY }
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { maxLength: 40 }), async (shapes) => {
      const busy = new Set<string>()
      const queue = createBatchQueue<NamedEntry, string>(
        limits,
        async (batch) => {
          assert.equal(new Set(batch.map(({ environmentKey }) => environmentKey)).size, 1)
          assert.equal(new Set(batch.map(wayOf)).size, 1)
          const records = batch.reduce((sum, each) => sum + each.records, 0)
          assert.ok(batch.length === 1 || records <= limits.maxRecords)
          const names = new Set(batch.flatMap(({ customerKeys }) => customerKeys))
          for (const name of names) {
            assert.ok(!busy.has(name))
            busy.add(name)
          }
          await new Promise(setImmediate)
          for (const name of names) busy.delete(name)
          if (batch.length > 1 && batch.some((each) => each.records === 7)) throw new Error('7')
          return done(batch)
        },
        {
          isNotRetryable: () => false,
          isLockTimeout: () => false,
          afterArrivals: setImmediate,
          wayOf,
        },
      )
      const entries = shapes.map((each, n) => entry(n % 3 === 0 ? `A${n}` : `a${n}`, each))
      const answers = await Promise.all(entries.map((each) => queue.submit(each)))
      assert.deepEqual(
        answers,
        entries.map(({ name }) => name),
      )
    }),
    { numRuns: 50 },
  )
})
