import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../kernel/errors.ts'
import { type BatchLimits, createBatchQueue, type Outcome, type QueueEntry } from './batch-queue.ts'

const LIMITS: BatchLimits = {
  groups: 1,
  company: 1,
  records: 10,
  turnRecords: 2,
  patience: 2,
  waitingOfOwner: 50,
  waiting: 100,
  waitingBytes: 1000,
}

type Part = QueueEntry & { name: string }

const part = (name: string, more: Partial<Part> = {}): Part => ({
  name,
  lane: 'e',
  touches: [name.slice(0, 1)],
  records: 1,
  bytes: 1,
  ...more,
})

type Commit = (group: readonly Part[]) => readonly Outcome<string>[]
const done: Commit = (group) => group.map(({ name }) => ({ answer: name }))

/** A queue whose groups end when the test says so. */
function held(limits: Partial<BatchLimits> = {}, commit: Commit = done) {
  const groups: string[][] = []
  const ends: (() => void)[] = []
  const queue = createBatchQueue<Part, string>(
    { ...LIMITS, ...limits },
    async (group) => {
      groups.push(group.map(({ name }) => name))
      await new Promise<void>((end) => ends.push(end))
      return commit(group)
    },
    {
      isHopeless: (error) => error instanceof Error && error.message === 'hopeless',
      isLock: (error) => error instanceof Error && error.message === 'locked',
    },
  )
  const settled = new Map<string, unknown>()
  return {
    groups,
    settled,
    submit: (...parts: Part[]) => {
      for (const each of parts)
        queue.submit(each).then(
          (answer) => settled.set(each.name, answer),
          (error) => settled.set(each.name, error),
        )
    },
    /** Ends a group that is still at work, the oldest one unless it says which, from 0. */
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

test('what arrives at an idle queue is begun at once, what arrives meanwhile goes together', async () => {
  const { submit, groups, end, settled } = held()
  submit(part('a1'))
  assert.deepEqual(groups, [['a1']])
  submit(part('b1'), part('a2'), part('b2'))
  assert.deepEqual(groups, [['a1']])
  await end()
  assert.deepEqual(groups, [['a1'], ['b1', 'b2', 'a2']])
  assert.deepEqual([...settled], [['a1', 'a1']])
})

test('owners take turns, so that one who sends much does not keep others waiting', async () => {
  const { submit, groups, end } = held({ records: 6 })
  submit(part('x'))
  submit(...Array.from({ length: 9 }, (_, n) => part(`a${n}`)), part('b0'), part('c0'))
  await end()
  assert.deepEqual(groups[1], ['a0', 'a1', 'b0', 'c0', 'a2', 'a3'])
  submit(part('b1'))
  await end()
  assert.deepEqual(groups[2], ['a4', 'a5', 'b1', 'a6', 'a7', 'a8'])
})

test('a group is no larger than its limit, but for one entry that is larger by itself', async () => {
  const { submit, groups, end } = held()
  submit(part('x'))
  submit(part('a1', { records: 6 }), part('b1', { records: 6 }), part('c1', { records: 99 }))
  for (let n = 0; n < 3; n += 1) await end()
  assert.deepEqual(groups.slice(1), [['a1'], ['b1'], ['c1']])
})

test('a group is of one lane, and every lane gets its turn', async () => {
  const { submit, groups, end } = held()
  submit(part('x'))
  const other = { lane: 'f' }
  submit(part('a1'), part('b1', other), part('c1'), part('d1', other))
  await end()
  submit(part('a2'), part('c2'))
  await end()
  await end()
  assert.deepEqual(groups.slice(1), [
    ['a1', 'c1'],
    ['b1', 'd1'],
    ['a2', 'c2'],
  ])
})

test('groups that run at once touch nothing in common', async () => {
  const { submit, groups, end } = held({ groups: 2 })
  submit(part('a1'), part('a2'), part('b1'), part('b2'), part('a3'))
  assert.deepEqual(groups, [['a1'], ['b1']])
  await end()
  assert.deepEqual(groups[2], ['a2', 'a3'])
})

test('what is blocked waits for the group that blocks it, however much arrives meanwhile', async () => {
  const { submit, groups, end } = held({ groups: 2, patience: 0.5 })
  submit(part('a1'))
  for (let n = 2; n < 9; n += 1) submit(part(`a${n}`))
  assert.deepEqual(groups, [['a1']])
  await end()
  assert.deepEqual(groups[1], ['a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8'])
})

test('beside a running group another one begins when enough waits', async () => {
  const { submit, groups, end } = held({ groups: 2, company: 3 })
  submit(part('a1'), part('b1'), part('c1'))
  assert.deepEqual(groups, [['a1']])
  submit(part('d1'))
  assert.deepEqual(groups[1], ['b1', 'c1', 'd1'])
  submit(part('e1'))
  await end()
  await end()
  assert.deepEqual(groups[2], ['e1'])
})

test('beside a group that takes very long nobody waits for company', async () => {
  const { submit, groups } = held({ groups: 2, company: 3 })
  submit(part('a1'), part('b1'))
  while (groups.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.deepEqual(groups, [['a1'], ['b1']])
})

test('one that takes very long keeps nobody else waiting, whatever it sends', async () => {
  const { submit, groups, end } = held({ groups: 2 })
  submit(part('a1'), part('b1'), part('a2'))
  for (let n = 2; n < 9; n += 1) {
    submit(part(`b${n}`))
    await end(1)
  }
  assert.deepEqual(groups.flat(), ['a1', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8'])
})

test('what touches several waits for each of them, but not for ever', async () => {
  const { submit, groups, end } = held({ groups: 2, patience: 3 })
  submit(part('a1'), part('b1'))
  submit(part('ab', { touches: ['a', 'b'] }))
  for (let n = 2; n < 9; n += 1) {
    submit(part(`a${n}`), part(`b${n}`))
    await end()
  }
  assert.ok(groups.flat().includes('ab'), JSON.stringify(groups))
})

test('a refusal is of one entry, its neighbours are answered', async () => {
  const commit: Commit = (group) =>
    group.map(({ name }) => (name === 'b1' ? { refusal: 'no' } : { answer: name }))
  const { submit, settled, endAll } = held({}, commit)
  submit(part('a1'), part('b1'), part('c1'))
  await endAll()
  assert.deepEqual(Object.fromEntries(settled), { a1: 'a1', b1: 'no', c1: 'c1' })
})

test('a group that fails is tried again one by one, so that only the culprit fails', async () => {
  const commit: Commit = (group) => {
    if (group.some(({ name }) => name === 'b1')) throw new Error('on purpose')
    return done(group)
  }
  const { submit, settled, groups, endAll } = held({}, commit)
  submit(part('x'))
  submit(part('a1'), part('b1'), part('c1'), part('a2'))
  await endAll()
  assert.deepEqual(
    groups.slice(1).map((group) => group.length),
    [4, 1, 1, 1, 1],
  )
  const { b1, ...rest } = Object.fromEntries(settled)
  assert.deepEqual(rest, { x: 'x', a1: 'a1', c1: 'c1', a2: 'a2' })
  assert.match(String(b1), /on purpose/)
})

test('who is locked fails as a whole, and gets no company until it has succeeded', async () => {
  let isLocked = true
  const commit: Commit = (group) => {
    if (isLocked && group.some(({ touches }) => touches.includes('b'))) throw new Error('locked')
    return done(group)
  }
  const { submit, groups, settled, endAll } = held({}, commit)
  const round = async (n: number) => {
    groups.length = 0
    submit(part(`x${n}`), part(`a${n}`), part(`b${n}`), part(`bb${n}`), part(`c${n}`))
    await endAll()
    return groups.map((group) => group.join(' '))
  }
  assert.deepEqual(await round(1), ['x1', 'a1 b1 bb1 c1', 'c1', 'b1 bb1', 'a1'])
  assert.deepEqual(await round(2), ['x2', 'a2 c2', 'b2 bb2'])
  isLocked = false
  assert.deepEqual(await round(3), ['x3', 'a3 c3', 'b3 bb3'])
  assert.deepEqual(await round(4), ['x4', 'a4 b4 bb4 c4'])
  const refused = [...settled].filter(([name, answer]) => answer !== name)
  assert.deepEqual(
    refused.map(([name]) => name),
    ['b1', 'bb1', 'b2', 'bb2'],
  )
})

test('what touches several fails for a lock of its own alone', async () => {
  const commit: Commit = (group) => {
    if (group.some(({ touches }) => touches.includes('b'))) throw new Error('locked')
    return done(group)
  }
  const { submit, settled, endAll } = held({}, commit)
  submit(part('x1'))
  submit(part('bc', { touches: ['b', 'c'] }), part('cd', { touches: ['c', 'd'] }), part('a1'))
  await endAll()
  const { bc, ...rest } = Object.fromEntries(settled)
  assert.deepEqual(rest, { x1: 'x1', cd: 'cd', a1: 'a1' })
  assert.match(String(bc), /locked/)
})

test('a group that fails for a hopeless reason fails as a whole', async () => {
  const commit: Commit = () => {
    throw new Error('hopeless')
  }
  const { submit, settled, groups, endAll } = held({}, commit)
  submit(part('x'), part('a1'), part('b1'))
  await endAll()
  assert.equal(groups.length, 2)
  assert.deepEqual([...settled.values()].map(String), Array(3).fill('Error: hopeless'))
})

const statusOf = (refusal: unknown) =>
  refusal instanceof ApiError ? [refusal.status, refusal.headers['retry-after']] : refusal

test('what waits is bounded by number and bytes, of an owner and of all', async () => {
  const { submit, settled, endAll } = held({ waitingOfOwner: 2, waiting: 4, waitingBytes: 20 })
  submit(part('x'))
  submit(part('a1'), part('a2'), part('a3'), part('b1', { bytes: 19 }), part('b2', { bytes: 8 }))
  submit(part('c1'), part('d1'))
  await new Promise(setImmediate)
  assert.deepEqual(
    Object.fromEntries([...settled].map(([name, refusal]) => [name, statusOf(refusal)])),
    { a3: [429, '1'], b1: [503, '1'], d1: [503, '1'] },
  )
  await endAll()
  submit(part('a4'))
  await endAll()
  assert.equal(settled.get('a4'), 'a4')
})

test('whatever arrives is answered once, in groups that keep to the limits', async () => {
  const entry = fc.record({
    lane: fc.constantFrom('e', 'f'),
    touches: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    records: fc.integer({ min: 1, max: 12 }),
  })
  const limits = { ...LIMITS, groups: 2, patience: Number.POSITIVE_INFINITY }
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 40 }), async (entries) => {
      const touched = new Set<string>()
      const queue = createBatchQueue<Part, string>(
        limits,
        async (group) => {
          assert.equal(new Set(group.map(({ lane }) => lane)).size, 1)
          const records = group.reduce((sum, each) => sum + each.records, 0)
          assert.ok(group.length === 1 || records <= limits.records)
          const names = new Set(group.flatMap(({ touches }) => touches))
          for (const name of names) {
            assert.ok(!touched.has(name))
            touched.add(name)
          }
          await new Promise(setImmediate)
          for (const name of names) touched.delete(name)
          if (group.length > 1 && group.some((each) => each.records === 7)) throw new Error('7')
          return done(group)
        },
        { isHopeless: () => false, isLock: () => false },
      )
      const parts = entries.map((each, n) => part(`${n}`, each))
      const answers = await Promise.all(parts.map((each) => queue.submit(each)))
      assert.deepEqual(
        answers,
        parts.map(({ name }) => name),
      )
    }),
    { numRuns: 50 },
  )
})
