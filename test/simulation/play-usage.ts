import assert from 'node:assert/strict'
import { type Instant, instantToWire } from '../../src/kernel/clock.ts'
import { quantityToWire } from '../../src/kernel/quantity.ts'
import { type EventInput, reportEvents, reportUsage, type UsageInput } from './model/record.ts'
import type { Move } from './moves.ts'
import { expect, now, type Scene, type Sent } from './scene.ts'
import { periodToWire } from './wire.ts'

type Of<Kind extends Move['kind']> = Extract<Move, { kind: Kind }>

const DAY_MS = 86_400_000
/**
 * How long a deduplication key is known at least, in milliseconds. That of an event without a
 * timestamp is known for only a day.
 */
export const KEPT_MS = 35 * DAY_MS

/** Returns a key that changes before the earlier one may have been purged. */
export const keyAt = (scene: Scene, key: string, keptMs: number): string =>
  `${key}-${Math.floor(now(scene) / keptMs)}`

/** Sends a request, and stores how to send it again. */
export async function send(scene: Scene, keptMs: number, again: Sent['again']): Promise<void> {
  const until = now(scene) + keptMs
  scene.sent.push({ until, again, isDone: await again(false) })
}

export const wireInstant = (at: Instant | undefined) =>
  at === undefined ? undefined : instantToWire(at)

/** Sends an earlier request again, unless its deduplication keys may have been purged. */
export async function playAgain(scene: Scene, { back, isRetry }: Of<'again'>) {
  const sent = scene.sent.at(-1 - back)
  if (sent !== undefined && now(scene) < sent.until) await sent.again(isRetry)
}

export async function playUsage(scene: Scene, { usages }: Of<'usage'>) {
  const inputs: UsageInput[] = usages.map((usage) => ({
    ...{ customerId: usage.customerId, featureId: usage.featureId, value: usage.value },
    ...(usage.isSet && { updateBehavior: 'SET' as const }),
    ...(usage.sinceMs !== null && { createdAt: now(scene) + usage.sinceMs }),
    ...(usage.key !== null && { idempotencyKey: keyAt(scene, usage.key, KEPT_MS) }),
    ...(usage.dimensions !== null && { dimensions: usage.dimensions }),
  }))
  const request = {
    body: {
      usages: inputs.map((input) => ({ ...input, createdAt: wireInstant(input.createdAt) })),
    },
  }
  await send(scene, KEPT_MS, (isRetry) => {
    const headers = { 'x-stainless-retry-count': isRetry ? '1' : '0' }
    return expect(
      scene,
      {
        id: 'v1.usage.report',
        request: { ...request, headers },
        outcome: reportUsage(scene.state, inputs, { now: now(scene) }),
      },
      (predicted, { data }) =>
        assert.deepEqual(
          data.map(({ value, currentUsage, usagePeriodStart, usagePeriodEnd, nextResetDate }) => ({
            ...{ value, currentUsage, usagePeriodStart, usagePeriodEnd, nextResetDate },
          })),
          predicted.map(({ value, currentUsage, period }) => ({
            value,
            currentUsage: quantityToWire(currentUsage),
            ...periodToWire(period),
          })),
        ),
    )
  })
}

export async function playEvents(scene: Scene, { events }: Of<'events'>) {
  const inputs: EventInput[] = events.map(({ customerId, sinceMs, key, dimensions }) => ({
    ...{ customerId, eventName: 'call', dimensions },
    idempotencyKey:
      sinceMs === null ? keyAt(scene, `${key}-now`, DAY_MS) : keyAt(scene, key, KEPT_MS),
    ...(sinceMs !== null && { timestamp: now(scene) + sinceMs }),
  }))
  const request = {
    body: {
      events: inputs.map((input) => ({ ...input, timestamp: wireInstant(input.timestamp) })),
    },
  }
  const keptMs = events.some(({ sinceMs }) => sinceMs === null) ? DAY_MS : KEPT_MS
  await send(scene, keptMs, () =>
    expect(scene, {
      id: 'v1.events.report',
      request,
      outcome: reportEvents(scene.state, inputs, now(scene)),
    }),
  )
}
