import type { Caller as CallerWire } from '../api.gen.ts'
import type { App } from '../app.ts'
import { BODY_LIMIT } from '../config.ts'
import { assert } from '../kernel/assert.ts'
import { type Instant, instantToWire } from '../kernel/clock.ts'
import { PAGE_LIMITS } from '../kernel/page.ts'
import { VERSION } from '../version.ts'
import { permissionsOf } from './permit.ts'
import type { CallerProfile } from './queries.ts'

const instantOrNull = (instant: Instant | null): string | null =>
  instant === null ? null : instantToWire(instant)

export function callerToWire({ config, clock }: App, caller: CallerProfile): CallerWire {
  const { actor, environment } = caller
  const { kind, id } = actor
  assert(kind === 'API_KEY' || kind === 'USER', 'a request comes from a key or a person')
  return {
    actor: { kind, id },
    name: caller.name,
    role: environment.role,
    accountRole: caller.accountRole,
    expiresAt: instantOrNull(caller.expiresAt),
    permissions: permissionsOf(environment.role),
    account: { id: environment.accountId, displayName: caller.accountName },
    environment,
    environments: caller.environments,
    server: { version: VERSION, isTestClock: clock.isTest },
    limits: {
      defaultPageSize: PAGE_LIMITS.default,
      maxPageSize: PAGE_LIMITS.max,
      maxBodyBytes: BODY_LIMIT,
      maxEntityDepth: config.maxEntityDepth,
      maxAttributionKeys: config.maxAttributionKeys,
      eventRetentionDays: config.eventRetentionDays,
    },
  }
}
