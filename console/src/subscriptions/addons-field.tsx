import { Plus, X } from 'lucide-react'
import type { SubscriptionAddonInput } from '../../../src/api.gen.ts'
import type { Packages } from '../packages/use-packages.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { choicesOf } from '../ui/choices.ts'
import { Fieldset, TextField } from '../ui/field.tsx'
import { numberIn, refuseNumber } from '../ui/number.ts'
import { rowEditor } from '../ui/rows.ts'
import type { FieldState } from '../ui/use-form.ts'
import styles from './addons-field.module.css'
import { TEXTS } from './texts.ts'

export type AddonRow = { id: string; quantity: string }

/** The add-ons of a subscription, and how many units of each. */
export function AddonsField(
  props: FieldState<readonly AddonRow[]> & {
    addons: Packages
    /** The add-ons that the plan takes. Null: not known. */
    compatible: readonly string[] | null
  },
) {
  const { value: rows, onChange, addons, compatible } = props
  const { bind, add, remove } = rowEditor(rows, onChange)
  const offered = addons.all.filter(({ id }) => compatible?.includes(id) ?? true)
  const next = offered.find(({ id }) => rows.every((row) => row.id !== id))
  return (
    <Fieldset legend="Add-ons">
      {rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={at} className={styles.row}>
          <TextField
            {...bind(at, 'id', `addons/${at}/id`)}
            label="Add-on"
            hint={addons.nameOf(row.id.trim()) ?? undefined}
            suggestions={choicesOf(offered)}
            isMono
          />
          <TextField
            {...bind(at, 'quantity', `addons/${at}/quantity`)}
            label="Units"
            hint={TEXTS.quantityHint}
            isNumber
          />
          <IconButton label={`Remove ${row.id}`} icon={X} onClick={() => remove(at)} />
        </div>
      ))}
      <div>
        <Button
          size="small"
          icon={Plus}
          reason={compatible !== null && offered.length === 0 ? TEXTS.noAddons : null}
          onClick={() => add({ id: next?.id ?? '', quantity: '1' })}
        >
          Add an add-on
        </Button>
      </div>
    </Fieldset>
  )
}

/** The add-ons that rows are, which `refuseAddons` passes. */
export const addonsOf = (rows: readonly AddonRow[]): SubscriptionAddonInput[] =>
  rows.map(({ id, quantity }) => ({ id: id.trim(), quantity: numberIn(quantity) ?? 0 }))

/** Returns which number of units is no number, or null. */
export function refuseAddons(rows: readonly AddonRow[]) {
  for (const [at, { quantity }] of rows.entries()) {
    const problem = refuseNumber(`addons/${at}/quantity`, quantity)
    if (problem !== null) return problem
  }
  return null
}
