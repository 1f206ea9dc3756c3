import { milliseconds, type Sql, sql } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { PackageType } from './types.ts'

/** A published version that something has. */
export type PinnedVersion = {
  packageKey: Uuid
  id: string
  type: PackageType
  version: number
  publishedAt: Instant
}

/**
 * A scalar of JSON: the versions (`PinnedVersion`) of a JSON list of `{packageKey, version}`, in
 * any order.
 */
export const pinnedVersions = (pins: Sql): Sql => sql`
  (select coalesce(json_agg(json_build_object('packageKey', p.package_key, 'id', p.id,
      'type', p.type, 'version', v.version,
      'publishedAt', ${milliseconds(sql`v.published_at`)})), '[]')
    from jsonb_to_recordset(${pins}) as pin ("packageKey" uuid, version integer)
      cross join lateral (
        select * from packages p where p.package_key = pin."packageKey" limit 1
      ) as p
      cross join lateral (
        select * from package_versions v
        where v.package_key = p.package_key and v.version = pin.version limit 1
      ) as v)`
