import { setTimeout as delay } from 'node:timers/promises'
import { type Child, startChild } from '../child.ts'
import type { Ask, RunResult } from '../messages.ts'
import { processorMs, processorMsBelow, spentMs } from '../processes.ts'
import { API_KEY, type RunningServer } from '../running-server.ts'
import type { OperationCall } from '../types.ts'
import { httpOf, type OpenWorld } from '../world.ts'
import type { Costs, Round } from './flatness.ts'
import type { Subject } from './subjects.ts'

/** How long to wait for the database to finish the work of a half, in milliseconds. */
const SETTLE_MS = 50

/** Measures all sizes of all subjects in turns. Each round begins with another one. */
export async function measureSizes(
  subjects: readonly Subject[],
  at: { world: OpenWorld; server: RunningServer; pairs: number; seconds: number },
): Promise<Round[]> {
  const asked = subjects.flatMap(({ sizes }) => sizes.map(({ call }) => call))
  const client = startChild('./latency.ts')
  try {
    const rounds: Round[] = []
    for (let round = 0; round <= at.pairs; round += 1) {
      const costs = new Map<OperationCall, Costs>()
      const from = round % asked.length
      for (const call of [...asked.slice(from), ...asked.slice(0, from)]) {
        costs.set(call, await ask(client, call, at))
        await delay(SETTLE_MS)
      }
      // The first round is a warm-up.
      if (round > 0) rounds.push(costs)
    }
    return rounds
  } finally {
    await client.stop()
  }
}

async function ask(
  client: Child,
  call: OperationCall,
  at: { world: OpenWorld; server: RunningServer; seconds: number },
): Promise<Costs> {
  const { world, server, seconds } = at
  const { path, headers } = httpOf(world.contract, call)
  const sent = { 'x-api-key': API_KEY, ...headers }
  const message: Ask = { url: server.url + path, headers: sent, seconds }
  const before = { server: processorMs(server.pid), below: processorMsBelow(server.pid) }
  const { requests, medianMs } = await client.ask<RunResult>(message)
  return {
    latencyMs: medianMs,
    serverMs: (processorMs(server.pid) - before.server) / requests,
    databaseMs: spentMs(before.below, processorMsBelow(server.pid)) / requests,
  }
}
