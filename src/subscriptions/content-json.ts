import type { Allowance } from '../catalog/features/index.ts'
import { quantityFromSql, quantityToSql } from '../kernel/quantity.ts'
import type { Content, FutureUpdate } from './types.ts'

type JsonAllowance = Omit<Allowance, 'limit'> & { limit: string | null }
type JsonContent = Omit<Content, 'units' | 'overrides'> & {
  units: readonly { featureKey: string; quantity: string }[]
  overrides: readonly (Omit<Content['overrides'][number], 'allowance'> & {
    allowance: JsonAllowance
  })[]
}

/** Returns a content as JSON, whose quantities are decimals in text. */
export const contentToJson = (content: Content): JsonContent => ({
  ...content,
  units: content.units.map((each) => ({ ...each, quantity: quantityToSql(each.quantity) })),
  overrides: content.overrides.map((each) => {
    const { limit } = each.allowance
    const text = limit === null ? null : quantityToSql(limit)
    return { ...each, allowance: { ...each.allowance, limit: text } }
  }),
})

export const contentFromJson = (json: JsonContent): Content => ({
  ...json,
  units: json.units.map((each) => ({ ...each, quantity: quantityFromSql(each.quantity) })),
  overrides: json.overrides.map((each) => {
    const { limit } = each.allowance
    const quantity = limit === null ? null : quantityFromSql(limit)
    return { ...each, allowance: { ...each.allowance, limit: quantity } }
  }),
})

/** Returns scheduled and earlier updates as JSON. */
export const updatesToJson = (updates: readonly FutureUpdate[]): readonly object[] =>
  updates.map((update) => ({ ...update, change: changeToJson(update.change) }))

function changeToJson(change: FutureUpdate['change']): object {
  if ('successor' in change) return { ...change, content: contentToJson(change.content) }
  if (change.type !== 'UNIT_AMOUNT') return change
  return { ...change, quantity: quantityToSql(change.quantity) }
}

type JsonUpdate = Omit<FutureUpdate, 'change'> & { change: JsonChange }
type Change<Type extends FutureUpdate['change']['type']> = Extract<
  FutureUpdate['change'],
  { type: Type }
>
type JsonChange =
  | (Omit<Change<'PLAN'>, 'content'> & { content: JsonContent })
  | (Omit<Change<'DOWNGRADE'>, 'content'> & { content: JsonContent })
  | (Omit<Change<'UNIT_AMOUNT'>, 'quantity'> & { quantity: string })
  | Change<'ADDON' | 'BILLING_PERIOD' | 'MIGRATE_TO_LATEST'>

export const updatesFromJson = (json: readonly JsonUpdate[]): FutureUpdate[] =>
  json.map((update) => ({ ...update, change: changeFromJson(update.change) }))

function changeFromJson(change: JsonChange): FutureUpdate['change'] {
  if ('successor' in change) return { ...change, content: contentFromJson(change.content) }
  if (change.type !== 'UNIT_AMOUNT') return change
  return { ...change, quantity: quantityFromSql(change.quantity) }
}
