import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Actor } from '../kernel/origin.ts'
import { type Page, type PageRequest, pageToWire } from '../kernel/page.ts'
import type { Call } from '../operation.ts'
import type { OpenEnvironment, OpenOnPage } from './caller-store.ts'
import {
  environmentsOpenTo,
  findPlace,
  findRoles,
  pageOfAccount,
  pageOfOne,
  pageOfPerson,
} from './caller-store.ts'
import { findKey } from './key-store.ts'
import { roleOf } from './permit.ts'
import type { AccountRole, Caller } from './types.ts'

/** An environment that a caller may open, and the caller's role there. */
export type CallerEnvironment = OpenEnvironment & { role: Caller['role'] }

/** Who calls. */
export type CallerProfile = {
  actor: Actor
  /** Null for a person. */
  name: string | null
  /** Null for a key. */
  accountRole: AccountRole | null
  expiresAt: Instant | null
  accountName: string
  environment: CallerEnvironment
  /** What the caller may open. A key opens only its own environment. */
  environments: CallerEnvironment[]
}

/** Returns who makes a call. */
export const findCaller = ({
  app,
  scope,
  origin,
  expiresAt = null,
}: Call): Promise<CallerProfile> =>
  app.db.snapshot(async (reader) => {
    const { actor } = origin
    const { environment, accountName } = await findPlace(reader, scope)
    const shown = { actor, expiresAt, accountName }
    if (actor.kind === 'API_KEY') {
      const { name, kind } = required(await findKey(reader, actor.id), 'the key of a call')
      const own = { ...environment, role: kind }
      return { ...shown, name, accountRole: null, environment: own, environments: [own] }
    }
    const roles = await findRoles(reader, scope, actor.id)
    const open = await environmentsOpenTo(reader, actor.id)
    return {
      ...shown,
      name: null,
      accountRole: roles?.role ?? null,
      environment: { ...environment, role: roleOf(roles) },
      environments: open.map((each) => ({ ...each.environment, role: roleOf(each.roles) })),
    }
  })

/** A page of the environments of the account that a caller may open, newest first. */
export const listOpenEnvironments = (
  { app, scope, origin: { actor } }: Call,
  page: PageRequest,
): Promise<Page<CallerEnvironment>> =>
  app.db.snapshot(async (reader) => {
    if (actor.kind === 'API_KEY') {
      const { kind } = required(await findKey(reader, actor.id), 'the key of a call')
      return shownTo(await pageOfOne(reader, scope, page), () => kind)
    }
    const roles = await findRoles(reader, scope, actor.id)
    if (roles?.role === 'OWNER')
      return shownTo(await pageOfAccount(reader, scope, page), () => roleOf(roles))
    return shownTo(
      await pageOfPerson(reader, { scope, userId: actor.id }, page),
      ({ environmentRole }) => environmentRole ?? 'NONE',
    )
  })

const shownTo = (
  page: Page<OpenOnPage>,
  roleIn: (each: OpenOnPage) => Caller['role'],
): Page<CallerEnvironment> =>
  pageToWire(page, (each) => ({ ...each.environment, role: roleIn(each) }))
