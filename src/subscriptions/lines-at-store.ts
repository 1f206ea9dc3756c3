import { type PinnedVersion, pinnedVersions } from '../catalog/packages/index.ts'
import { column, numberedRows, type Reader, readOfEach, row, type Sql, sql } from '../db/index.ts'
import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { LIFETIME } from '../kernel/period.ts'
import { linesFrom, memberRow, type StoredLine, subscriptionColumns } from './line-store.ts'

/** A customer at an instant. */
type CustomerAt = { customerKey: Uuid; at: Instant }

/** The subscriptions of a customer that had not ended at an instant, in their lines. */
export type LinesAt = {
  /** Their revisions at that instant. What was due since a line was settled is not applied. */
  lines: readonly StoredLine[]
  /** The versions that the subscriptions have. */
  pinned: readonly PinnedVersion[]
  /** The latest end of a subscription that had ended by then; -Infinity if none had. */
  endedAt: Instant
}

const memberAtRow = row({
  endedAt: column.bound,
  member: column.optional(
    'line_key',
    row({ ofLine: column.group(memberRow), pinned: column.json<PinnedVersion[]>() }),
  ),
})

/** Returns lines of customers at instants, in the order of the queries. One statement. */
export async function loadLinesAt(
  reader: Reader,
  queries: readonly CustomerAt[],
): Promise<LinesAt[]> {
  const inForce = (span: Sql): Sql => sql`
    select * from subscription_revisions r
    where r.customer_key = asked.customer_key and ${span} and r.closed_at is null
      and r.since <= asked.instant`
  const found = await readOfEach(reader, queries, {
    row: memberAtRow,
    statement: sql`
      select asked.position, coalesce(ended.closed_at, '-infinity') as ended_at, member.*
      from ${numberedRows(queries, {
        customer_key: ['uuid', ({ customerKey }) => customerKey],
        instant: ['timestamptz', ({ at }) => at],
      })} as asked
        left join lateral (
          select c.closed_at from subscription_revisions c
          where c.customer_key = asked.customer_key and c.closed_at <= asked.instant
          order by c.closed_at desc limit 1
        ) as ended on true
        left join lateral (
          select l.line_key, l.product_key, l.resource_key, l.settled_at, ${subscriptionColumns},
            ${pinnedVersions(sql`r.pins`)} as pinned
          from (
              ${inForce(sql`r.until is null`)} union all ${inForce(sql`r.until > asked.instant`)}
            ) as r
            cross join lateral (
              select * from subscriptions s where s.customer_key = r.customer_key
                and s.subscription_key = r.subscription_key limit 1
            ) as s
            cross join lateral (
              select * from subscription_lines l where l.customer_key = r.customer_key
                and l.line_key = r.line_key limit 1
            ) as l
        ) as member on true
      order by asked.position, member.line_key, member.subscription_key`,
  })
  return found.map((members) => {
    const inLines = members.flatMap(({ member }) => (member === null ? [] : [member]))
    return {
      lines: linesFrom(inLines.map(({ ofLine }) => ofLine)),
      pinned: inLines.flatMap(({ pinned }) => pinned),
      endedAt: members[0]?.endedAt ?? LIFETIME.start,
    }
  })
}
