import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequestOrder } from './running-requests.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Which requests begin and end, in their order. */
function watched() {
  const underWay = createRequestOrder()
  const log: string[] = []
  const start = (what: string, asked: { name: string; isRetry: boolean }) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const answer = underWay(asked, () => {
      log.push(what)
      return promise
    })
    return { answer, end: () => resolve(what), fail: () => reject(new Error(what)) }
  }
  return { log, start }
}

test('a retry runs after earlier requests of the same name, whether they succeed or fail', async () => {
  const { log, start } = watched()
  const first = start('first', { name: 'a', isRetry: false })
  const second = start('second', { name: 'a', isRetry: false })
  const retry = start('retry', { name: 'a', isRetry: true })
  const again = start('again', { name: 'a', isRetry: true })
  await turn()
  assert.deepEqual(log, ['first', 'second'])
  first.fail()
  await assert.rejects(first.answer, /first/)
  await turn()
  assert.deepEqual(log, ['first', 'second'])
  second.end()
  assert.equal(await second.answer, 'second')
  await turn()
  assert.deepEqual(log, ['first', 'second', 'retry'])
  retry.end()
  assert.equal(await retry.answer, 'retry')
  again.end()
  assert.equal(await again.answer, 'again')
})

test('a first try does not wait, and a retry does not wait for other names', async () => {
  const { log, start } = watched()
  start('first', { name: 'a', isRetry: false })
  start('same', { name: 'a', isRetry: false })
  start('other', { name: 'b', isRetry: true })
  await turn()
  assert.deepEqual(log, ['first', 'same', 'other'])
})
