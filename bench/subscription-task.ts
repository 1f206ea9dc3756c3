import { setTimeout as delay } from 'node:timers/promises'
import type { Task } from '../src/api.gen.ts'
import { startChild } from './child.ts'
import type { Ask, RunResult } from './messages.ts'
import type { OnServer } from './on-server.ts'
import { API_KEY } from './running-server.ts'
import { median } from './statistics.ts'
import { fillSubscriptions, movedCustomer, PLAN, prepareVersion } from './subscriptions/fill.ts'
import type { OperationCall } from './types.ts'
import { httpOf } from './world.ts'

/** Latencies of checks over one connection, in milliseconds: medians over slices of time. */
export type CheckLatency = { readonly p50Ms: number; readonly p99Ms: number }

/** A task that moves subscriptions to a new version, and checks of one of their customers. */
export type SubscriptionTask = {
  readonly subscriptions: number
  /** From the publication to the end of the task. */
  readonly seconds: number
  readonly customersPerSecond: number
  readonly before: CheckLatency
  readonly meanwhile: CheckLatency
}

/** The length of a slice of checks, in seconds. */
const SLICE_SECONDS = 0.5
const SLICES_BEFORE = 8
const POLL_MS = 20

/** Publishes a version for all customers, and checks while the task moves them. */
export async function measureSubscriptionTask(
  { world, server }: OnServer,
  subscriptions: number,
): Promise<SubscriptionTask> {
  await fillSubscriptions(world, subscriptions)
  await prepareVersion(world)
  const client = startChild('./latency.ts')
  const { path } = httpOf(world.contract, CHECK)
  const url = server.url + path
  const slice = () =>
    client.ask<RunResult>({
      url,
      headers: { 'x-api-key': API_KEY },
      seconds: SLICE_SECONDS,
    } satisfies Ask)
  try {
    const before: RunResult[] = []
    // The first slice fills caches.
    await slice()
    while (before.length < SLICES_BEFORE) before.push(await slice())
    const { taskId } = await dataOf<{ taskId: string }>(world.run(PUBLICATION))
    const task = () =>
      dataOf<Task>(world.run({ operation: 'v1.tasks.retrieve', params: { id: taskId } }))
    while ((await task()).done === 0) await delay(POLL_MS)
    const meanwhile: RunResult[] = []
    // A slice that ends after the task counts only if there is no other.
    for (let now = await task(); now.finishedAt === null; ) {
      const result = await slice()
      now = await task()
      if (now.finishedAt === null || meanwhile.length === 0) meanwhile.push(result)
    }
    const { status, done, createdAt, finishedAt } = await task()
    if (status !== 'COMPLETED' || done !== subscriptions || meanwhile.length === 0)
      throw new Error(`the task is ${status} with ${done} of ${subscriptions}, or was too short`)
    const seconds = (Date.parse(finishedAt ?? '') - Date.parse(createdAt)) / 1000
    return {
      subscriptions,
      seconds,
      customersPerSecond: subscriptions / seconds,
      before: latencyOf(before),
      meanwhile: latencyOf(meanwhile),
    }
  } finally {
    await client.stop()
  }
}

const CHECK: OperationCall = {
  operation: 'v1.customers.checkEntitlement',
  params: { id: movedCustomer(0) },
  query: { featureId: PLAN, requestedUsage: 10 },
}

const PUBLICATION: OperationCall = {
  operation: 'v1.plans.publish',
  params: { id: PLAN },
  body: { migrationType: 'ALL_CUSTOMERS' },
}

const dataOf = async <T>(answer: Promise<unknown>): Promise<T> =>
  ((await answer) as { data: T }).data

const latencyOf = (slices: readonly RunResult[]): CheckLatency => ({
  p50Ms: median(slices.map(({ medianMs }) => medianMs)),
  p99Ms: median(slices.map(({ p99Ms }) => p99Ms)),
})
