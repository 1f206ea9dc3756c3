import { column, nameReader, pageReader, row, rowsWithIds, sql, type Tx } from '../../db/index.ts'
import { instantToWire } from '../../kernel/clock.ts'
import type { CreatedRange } from '../../kernel/created-range.ts'
import { foldCase } from '../../kernel/fold-case.ts'
import type { Metadata } from '../../kernel/metadata.ts'
import type { PageRequest } from '../../kernel/page.ts'
import type { Scope } from '../../kernel/scope.ts'
import { inEnvironment } from '../catalog-store.ts'
import type { Reference } from '../packages/index.ts'
import type { Journey, Product } from './types.ts'

const settingsRow = row<Journey<Reference>>({
  startSetup: column.oneOf('PLAN_SELECTION', 'TRIAL_PERIOD', 'FREE_PLAN'),
  startPlan: column.nullable(column.json<Reference>()),
  endSetup: column.oneOf('DOWNGRADE_TO_FREE', 'CANCEL_SUBSCRIPTION'),
  downgradePlan: column.nullable(column.json<Reference>()),
  cancellationTime: column.oneOf('END_OF_BILLING_PERIOD', 'IMMEDIATE', 'SPECIFIC_DATE'),
  proratesAtEnd: column.from('prorate_at_end', column.nullable(column.boolean)),
})

const productRow = row<Product>({
  key: column.from('product_key', column.uuid),
  id: column.text,
  displayName: column.text,
  description: column.nullable(column.text),
  multipleSubscriptions: column.boolean,
  settings: column.group(settingsRow),
  usageResetCutoff: column.oneOf('NEVER_RESET', 'ALWAYS_RESET', 'BILLING_PERIOD_CHANGE'),
  metadata: column.json<Metadata>(),
  createdAt: column.instant,
  updatedAt: column.instant,
  archivedAt: column.nullable(column.instant),
})

const selectProducts = sql`
  select product_key, id, display_name, description, multiple_subscriptions, start_setup,
    (select json_build_object('key', plan.package_key, 'id', plan.id)
      from packages as plan where plan.package_key = products.start_plan_key) as start_plan,
    end_setup,
    (select json_build_object('key', plan.package_key, 'id', plan.id)
      from packages as plan where plan.package_key = products.downgrade_plan_key)
      as downgrade_plan,
    cancellation_time, prorate_at_end, usage_reset_cutoff, metadata, created_at, updated_at,
    archived_at
  from products`

const withIds = rowsWithIds({ row: productRow, select: selectProducts, key: sql`product_key` })

export const findProducts = withIds.find
export const findProductsByKey = withIds.findByKey
export const lockProducts = withIds.lock

/** Null values do not filter. */
export type ProductFilter = {
  id: string | null
  statuses: readonly ('PUBLISHED' | 'ARCHIVED')[] | null
  created: CreatedRange
  page: PageRequest
}

export const listProducts = pageReader((scope: Scope, filter: ProductFilter) => ({
  row: productRow,
  select: selectProducts,
  table: sql`products`,
  of: inEnvironment(scope),
  where: [
    filter.id === null ? null : sql`id = ${filter.id}::text`,
    filter.statuses &&
      sql`case when archived_at is null then 'PUBLISHED' else 'ARCHIVED' end
        = any(${filter.statuses}::text[])`,
  ],
  created: filter.created,
  large: [sql`display_name`, sql`description`, sql`metadata`],
  key: sql`product_key`,
  page: filter.page,
}))

/** Returns products whose id or name has a beginning; some several times. */
export const productsBeginning = nameReader({
  columns: sql`product_key as key, id, display_name, archived_at is not null as is_archived`,
  table: sql`products`,
})

/** Inserts or updates a product. */
export const saveProduct = (tx: Tx, scope: Scope, { settings, ...product }: Product) =>
  tx.execute(sql`
    insert into products (product_key, environment_key, id, display_name, folded_name, description,
      multiple_subscriptions, start_setup, start_plan_key, end_setup, downgrade_plan_key,
      cancellation_time, prorate_at_end, usage_reset_cutoff, metadata, created_at, updated_at,
      archived_at)
    values (${product.key}::uuid, ${scope.environmentKey}::uuid, ${product.id}::text,
      ${product.displayName}::text, ${foldCase(product.displayName)}::text,
      ${product.description}::text, ${product.multipleSubscriptions}::boolean,
      ${settings.startSetup}::text, ${settings.startPlan?.key ?? null}::uuid,
      ${settings.endSetup}::text, ${settings.downgradePlan?.key ?? null}::uuid,
      ${settings.cancellationTime}::text, ${settings.proratesAtEnd}::boolean,
      ${product.usageResetCutoff}::text, ${JSON.stringify(product.metadata)}::jsonb,
      ${instantToWire(product.createdAt)}::timestamptz,
      ${instantToWire(product.updatedAt)}::timestamptz,
      ${product.archivedAt && instantToWire(product.archivedAt)}::timestamptz)
    on conflict (product_key) do update set
      display_name = excluded.display_name, folded_name = excluded.folded_name,
      description = excluded.description,
      multiple_subscriptions = excluded.multiple_subscriptions,
      start_setup = excluded.start_setup, start_plan_key = excluded.start_plan_key,
      end_setup = excluded.end_setup, downgrade_plan_key = excluded.downgrade_plan_key,
      cancellation_time = excluded.cancellation_time, prorate_at_end = excluded.prorate_at_end,
      usage_reset_cutoff = excluded.usage_reset_cutoff, metadata = excluded.metadata,
      updated_at = excluded.updated_at, archived_at = excluded.archived_at`)
