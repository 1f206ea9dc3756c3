import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { shareReads } from './shared-reads.ts'

/** A source whose reads end when the test ends them. */
function openSource(most = 10) {
  const reads: { queries: readonly string[]; end: (error?: Error) => void }[] = []
  const counted: number[] = []
  const read = shareReads(
    (queries: readonly string[]) =>
      new Promise<string[]>((resolve, reject) => {
        const answers = queries.map((query) => `${query} of read ${reads.length + 1}`)
        const end = (error?: Error) => (error === undefined ? resolve(answers) : reject(error))
        reads.push({ queries, end })
      }),
    { nameOf: (query) => query, most, onRead: (queries) => counted.push(queries) },
  )
  return { read, reads, counted }
}

test('queries of the same turn share one read, and equal queries are sent once', async () => {
  const { read, reads, counted } = openSource()
  const answers = Promise.all([read('a'), read('b'), read('a')])
  assert.equal(reads.length, 0)
  await turn()
  assert.deepEqual(
    reads.map(({ queries }) => queries),
    [['a', 'b']],
  )
  reads[0]?.end()
  assert.deepEqual(await answers, ['a of read 1', 'b of read 1', 'a of read 1'])
  assert.deepEqual(counted, [3])
})

test('a query never gets the result of a read that began before it', async () => {
  const { read, reads } = openSource()
  const first = read('a')
  await turn()
  const second = read('a')
  await turn()
  reads[0]?.end()
  reads[1]?.end()
  assert.deepEqual(await Promise.all([first, second]), ['a of read 1', 'a of read 2'])
})

test('two reads run at once, and later queries wait until one of them ends', async () => {
  const { read, reads } = openSource()
  const answers = []
  for (const query of ['a', 'b', 'c', 'd']) {
    answers.push(read(query))
    await turn()
  }
  assert.equal(reads.length, 2)
  reads[1]?.end()
  assert.equal(await answers[1], 'b of read 2')
  assert.deepEqual(reads[2]?.queries, ['c', 'd'])
  reads[0]?.end()
  reads[2]?.end()
  assert.deepEqual((await Promise.all(answers)).slice(2), ['c of read 3', 'd of read 3'])
})

test('the number of queries in a read is limited', async () => {
  const { read, reads } = openSource(2)
  const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map(read))
  await turn()
  reads[0]?.end()
  reads[1]?.end()
  await turn()
  reads[2]?.end()
  await answers
  assert.deepEqual(
    reads.map(({ queries }) => queries),
    [['a', 'b'], ['c', 'd'], ['e']],
  )
})

test('an error reaches only the queries of its own read', async () => {
  const { read, reads } = openSource()
  const failing = Promise.allSettled([read('a'), read('b')])
  await turn()
  const other = read('c')
  await turn()
  reads[0]?.end(new Error('the connection broke'))
  reads[1]?.end()
  const reasons = (await failing).map((each) => each.status === 'rejected' && each.reason.message)
  assert.deepEqual(reasons, ['the connection broke', 'the connection broke'])
  assert.equal(await other, 'c of read 2')
})
