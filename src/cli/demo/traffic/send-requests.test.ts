import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { sendRequests } from './send-requests.ts'

test('at most 64 requests run at once, and the end waits for all of them', async () => {
  const stop = new AbortController()
  const waiting: (() => void)[] = []
  let answered = 0
  const full = Promise.withResolvers<void>()
  const send = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (waiting.push(resolve) === 64) full.resolve()
    await promise
    answered += 1
  }
  let isOver = false
  const sending = sendRequests(send, 10_000, stop.signal).then(() => {
    isOver = true
  })
  await full.promise
  stop.abort()
  await setImmediate()
  assert.equal(waiting.length, 64)
  assert.equal(isOver, false)
  for (const answer of waiting) answer()
  await sending
  assert.equal(answered, 64)
})

test('the response to a request makes room for the next one', async () => {
  const stop = new AbortController()
  let sent = 0
  await sendRequests(
    async () => {
      sent += 1
      if (sent === 200) stop.abort()
    },
    10_000,
    stop.signal,
  )
  assert.ok(sent >= 200)
})
