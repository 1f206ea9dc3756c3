// A process of the bench: one connection that repeats a request as soon as the response has come.

import { Agent, request } from 'node:http'
import { answerBench } from './child.ts'
import type { Ask, RunResult } from './messages.ts'
import { median, percentile } from './statistics.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

answerBench(async ({ url, headers, seconds }: Ask): Promise<RunResult> => {
  const end = performance.now() + seconds * 1000
  const tookMs: number[] = []
  while (performance.now() < end || tookMs.length === 0) {
    const start = performance.now()
    await answered(url, headers)
    tookMs.push(performance.now() - start)
  }
  return { requests: tookMs.length, medianMs: median(tookMs), p99Ms: percentile(tookMs, 0.99) }
})

const answered = (url: string, headers: Ask['headers']) =>
  new Promise<void>((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
      response.resume().once('end', resolve).once('error', reject)
    })
    sent.once('error', reject).end()
  })
