import { column, row, sql, type Tx } from '../../db/index.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'

/** What packages must know of their product. */
export type ProductOfPackages = {
  key: Uuid
  archivedAt: Instant | null
  /** The plans that its settings name. */
  startPlanKey: Uuid | null
  downgradePlanKey: Uuid | null
}

const productRow = row<ProductOfPackages>({
  key: column.from('product_key', column.uuid),
  archivedAt: column.nullable(column.instant),
  startPlanKey: column.nullable(column.uuid),
  downgradePlanKey: column.nullable(column.uuid),
})

/** Returns a product, held until the transaction ends; null if there is none with the id. */
export const holdProduct = (tx: Tx, scope: Scope, id: string): Promise<ProductOfPackages | null> =>
  tx.maybeOne(
    productRow,
    sql`
    select product_key, archived_at, start_plan_key, downgrade_plan_key from products
    where environment_key = ${scope.environmentKey}::uuid and id = ${id}::text for key share`,
  )
