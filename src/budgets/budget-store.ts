import type { Reader, RowColumns, Sql } from '../db/index.ts'
import {
  column,
  columnsOf,
  hasRow,
  nothing,
  pageRange,
  pageReader,
  row,
  rowExists,
  rowReader,
  rows,
  rowWriter,
  sql,
} from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Owner } from '../kernel/scope.ts'
import type { CadenceOwner } from './cadence.ts'
import type { Assignment } from './types.ts'
import type { AssignmentName } from './upsert-budget.ts'

const assignmentRow = row<Assignment>({
  key: column.from('assignment_key', column.uuid),
  entityKey: column.uuid,
  entityId: column.text,
  capability: column.group(
    row({
      kind: column.from('capability_kind', column.oneOf('feature', 'currency')),
      key: column.from('capability_key', column.uuid),
    }),
  ),
  parentId: column.nullable(column.text),
  scope: column.json<{ key: Uuid; id: string }[]>(),
  usageLimit: column.nullable(column.quantity),
  cadence: column.text,
  isLevel: column.boolean,
  revision: column.integer,
  createdAt: column.instant,
  updatedAt: column.instant,
})

/** Budgets `a` with their entities, each looked up by key. */
const selectAssignments = (from: Sql): Sql => sql`
  select a.assignment_key, a.entity_key, e.id as entity_id, a.capability_kind, a.capability_key,
    p.id as parent_id, a.usage_limit, a.cadence, a.is_level, a.revision, a.created_at,
    a.updated_at, (
      select coalesce(json_agg(json_build_object('key', s.entity_key, 'id', s.id) order by s.id),
        '[]')
      from entities s
      where s.customer_key = a.customer_key and s.entity_key = any(a.scope_keys)) as scope
  from ${from}
    cross join lateral (
      select of.id, of.parent_key from entities of
      where of.customer_key = a.customer_key and of.entity_key = a.entity_key limit 1) e
    left join lateral (
      select of.id from entities of
      where of.customer_key = a.customer_key and of.entity_key = e.parent_key limit 1) p on true`

/**
 * Scopes are stored with the newest entity first, because they are looked up by it. The newest
 * entity of a scope tends to be the rarest: there are more users than models.
 */
const scopeKeys = ({ scope }: Pick<Assignment, 'scope'>): Uuid[] =>
  scope
    .map(({ key }) => key)
    .toSorted()
    .toReversed()

/** Returns a customer's budgets by their names, in no particular order. */
export const findAssignments = rowReader(
  assignmentRow,
  (customerKey: Uuid, names: readonly AssignmentName[]) =>
    selectAssignments(sql`
      ${rows(names, {
        entity_key: ['uuid', ({ entityKey }) => entityKey],
        capability_key: ['uuid', ({ capability }) => capability.key],
        scope_keys: ['uuid[]', scopeKeys],
      })} as name
      cross join lateral (
        select * from assignments of
        where of.customer_key = ${customerKey}::uuid and of.entity_key = name.entity_key
          and of.capability_key = name.capability_key
          and of.scope_head = coalesce(name.scope_keys[1], ${NO_SCOPE}::uuid)
          and of.scope_keys = name.scope_keys
        limit 1) a`),
)

/** Returns a customer's budgets by their keys, in no particular order. */
export const findAssignmentsByKey = rowReader(
  assignmentRow,
  (customerKey: Uuid, keys: readonly Uuid[]) => sql`
    ${selectAssignments(sql`assignments a`)}
    where a.customer_key = ${customerKey}::uuid and a.assignment_key = any(${keys}::uuid[])`,
)

/** The `scope_head` of a budget without a scope. */
export const NO_SCOPE: Uuid = '00000000-0000-0000-0000-000000000000'

const assignmentColumns: RowColumns<Assignment> = {
  ...columnsOf<Assignment>({
    key: 'uuid',
    entityKey: 'uuid',
    usageLimit: 'numeric',
    cadence: 'text',
    isLevel: 'boolean',
    revision: 'integer',
    createdAt: 'timestamptz',
    updatedAt: 'timestamptz',
  }),
  kind: ['text', ({ capability }) => capability.kind],
  capability_key: ['uuid', ({ capability }) => capability.key],
  scope_keys: ['uuid[]', scopeKeys],
}

/** Inserts new budgets and updates existing ones. */
export const saveAssignments = rowWriter<Owner, Assignment>(
  (owner, assignments) => sql`
    insert into assignments (customer_key, assignment_key, environment_key, entity_key,
      capability_kind, capability_key, scope_keys, usage_limit, cadence, is_level, revision,
      created_at, updated_at)
    select ${owner.customerKey}::uuid, key, ${owner.scope.environmentKey}::uuid, entity_key, kind,
      capability_key, scope_keys, usage_limit, cadence, is_level, revision, created_at,
      updated_at
    from ${rows(assignments, assignmentColumns)} as assignment
    on conflict (customer_key, assignment_key) do update set
      usage_limit = excluded.usage_limit, cadence = excluded.cadence,
      revision = excluded.revision, updated_at = excluded.updated_at`,
)

type PastCadence = Pick<Assignment, 'key' | 'revision' | 'cadence'> & { endedAt: Instant }

/** Stores the cadences that budgets had until `endedAt`. */
export const savePastCadences = rowWriter<Owner, PastCadence>(
  (owner, past) => sql`
    insert into past_cadences (customer_key, assignment_key, revision, environment_key, cadence,
      ended_at)
    select ${owner.customerKey}::uuid, assignment_key, revision,
      ${owner.scope.environmentKey}::uuid, cadence, ended_at
    from ${rows(past, {
      assignment_key: ['uuid', ({ key }) => key],
      revision: ['integer', ({ revision }) => revision],
      cadence: ['text', ({ cadence }) => cadence],
      ended_at: ['timestamptz', ({ endedAt }) => endedAt],
    })} as past`,
)

const cadenceRow = row({
  key: column.from('assignment_key', column.uuid),
  revision: column.integer,
  cadence: column.text,
  createdAt: column.instant,
  since: column.instant,
})

/**
 * A revision of a budget that began with another cadence. Budgets of levels have only one revision.
 */
export type CadenceChange = CadenceOwner & { key: Uuid; revision: number; since: Instant }

const changedAfter = ({ key, revision }: Pick<CadenceChange, 'key' | 'revision'>): Sql =>
  sql`and (past.assignment_key, past.revision) > (${key}::uuid, ${revision - 1}::integer)`

/**
 * Returns all revisions of a customer's budgets except the first ones, ordered by (key, revision):
 * the first `limit` after the given one.
 */
export async function findCadenceChanges(
  reader: Reader,
  customerKey: Uuid,
  { after, limit }: { after: Pick<CadenceChange, 'key' | 'revision'> | null; limit: number },
): Promise<CadenceChange[]> {
  const found = await reader.many(
    cadenceRow,
    sql`
    select a.assignment_key, past.revision + 1 as revision,
      coalesce(next.cadence, a.cadence) as cadence, a.created_at, past.ended_at as since
    from past_cadences past
      join assignments a using (customer_key, assignment_key)
      left join past_cadences next on next.customer_key = past.customer_key
        and next.assignment_key = past.assignment_key and next.revision = past.revision + 1
    where past.customer_key = ${customerKey}::uuid ${after === null ? nothing : changedAfter(after)}
    order by past.assignment_key, past.revision limit ${limit}::integer`,
  )
  return found.map((change) => ({ ...change, isLevel: false }))
}

/** Null values do not filter. */
export type AssignmentFilter = {
  entity: { key: Uuid | null } | null
  capabilityKeys: readonly Uuid[] | null
  page: PageRequest
}

/** Returns a page of a customer's budgets. Always reads along an index that has its order. */
export const listAssignments = pageReader(
  (customerKey: Uuid, { entity, capabilityKeys, page }: AssignmentFilter) => {
    const key = sql`a.assignment_key`
    const ofCustomer = sql`a.customer_key = ${customerKey}::uuid`
    const pageWhere = (condition: Sql) => sql`(
      select * from assignments a
      where ${ofCustomer} ${condition}
        ${entity === null ? nothing : sql`and a.entity_key = ${entity.key}::uuid`}
        ${pageRange(key, page)})`
    const pages =
      capabilityKeys === null
        ? sql`${pageWhere(nothing)} as a`
        : sql`
          unnest(${capabilityKeys}::text[]) as asked (capability)
          cross join lateral
            ${pageWhere(sql`and a.capability_key::text = asked.capability`)} as a`
    return {
      row: assignmentRow,
      select: selectAssignments(pages),
      table: sql`assignments a`,
      of: ofCustomer,
      large: [sql`scope`],
      key,
      page,
    }
  },
)

export const assignmentExists = rowExists(sql`assignments`, sql`assignment_key`)

/** Returns whether any customer has budgets of a feature or a currency. */
export const isBudgeted = (reader: Reader, capabilityKey: Uuid): Promise<boolean> =>
  hasRow(
    reader,
    sql`
    select 1 from assignments
    where 'of ' || capability_key::text = 'of ' || ${capabilityKey}::text limit 1`,
  )
