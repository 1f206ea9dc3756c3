import type { VendorIdentifier } from '../api.gen.ts'
import { column, pageReader, type Reader, row, rows, rowWriter, sql, type Tx } from '../db/index.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { PageRequest } from '../kernel/page.ts'
import type { Scope } from '../kernel/scope.ts'
import { customerNamed } from './customer-store.ts'
import type { Link } from './types.ts'
import { VENDORS } from './vendors.ts'

const linkRow = row<Link>({
  key: column.from('link_key', column.uuid),
  integrationId: column.text,
  vendor: column.oneOf(...VENDORS),
  syncedEntityId: column.nullable(column.text),
  createdAt: column.instant,
  updatedAt: column.instant,
})

const linkColumns = sql`
  l.link_key, l.integration_id, l.vendor, l.synced_entity_id, l.created_at, l.updated_at`

const customerAndLink = row({
  customerKey: column.nullable(column.uuid),
  link: column.optional('link_key', linkRow),
})

/** Returns a link of a customer. Both are found by their ids in one round trip. */
export const findLink = (
  reader: Reader,
  scope: Scope,
  ids: { customerId: string; integrationId: string },
): Promise<{ customerKey: Uuid | null; link: Link | null }> =>
  reader.one(
    customerAndLink,
    sql`
    select c.customer_key, ${linkColumns}
    from (select ${customerNamed(scope, ids.customerId)} as customer_key) c
      left join customer_integrations l
        on l.customer_key = c.customer_key and l.integration_id = ${ids.integrationId}::text`,
  )

/** Returns the links of a customer to the given vendors; null is any vendor. */
export const listLinks = pageReader(
  (
    customerKey: Uuid,
    { vendors, page }: { vendors: readonly VendorIdentifier[] | null; page: PageRequest },
  ) => ({
    row: linkRow,
    select: sql`select ${linkColumns} from customer_integrations l`,
    table: sql`customer_integrations l`,
    of: sql`l.customer_key = ${customerKey}::uuid`,
    where: [vendors && sql`l.vendor = any(${vendors}::text[])`],
    large: [],
    key: sql`l.link_key`,
    page,
  }),
)

/** A link with the customer that it belongs to. */
export type OwnedLink = { customerKey: Uuid; link: Link }

/** Writes new and changed links. */
export const saveLinks = rowWriter<Scope, OwnedLink>(
  (scope, owned) => sql`
    insert into customer_integrations (customer_key, link_key, environment_key, integration_id,
      vendor, synced_entity_id, created_at, updated_at)
    select customer_key, key, ${scope.environmentKey}::uuid, integration_id, vendor,
      synced_entity_id, created_at, updated_at
    from ${rows(owned, {
      customer_key: ['uuid', ({ customerKey }) => customerKey],
      key: ['uuid', ({ link }) => link.key],
      integration_id: ['text', ({ link }) => link.integrationId],
      vendor: ['text', ({ link }) => link.vendor],
      synced_entity_id: ['text', ({ link }) => link.syncedEntityId],
      created_at: ['timestamptz', ({ link }) => link.createdAt],
      updated_at: ['timestamptz', ({ link }) => link.updatedAt],
    })} as link
    on conflict (customer_key, link_key) do update set
      synced_entity_id = excluded.synced_entity_id, updated_at = excluded.updated_at`,
)

export async function removeLinks(tx: Tx, owned: readonly OwnedLink[]): Promise<void> {
  if (owned.length === 0) return
  await tx.execute(sql`
    delete from customer_integrations
    where (customer_key, link_key) in (
      select customer_key, link_key
      from ${rows(owned, {
        customer_key: ['uuid', ({ customerKey }) => customerKey],
        link_key: ['uuid', ({ link }) => link.key],
      })} as link)`)
}
