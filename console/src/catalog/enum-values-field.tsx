import { Plus, X } from 'lucide-react'
import type { FeatureEnumValue } from '../../../src/api.gen.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Fieldset, TextField } from '../ui/field.tsx'
import { rowEditor } from '../ui/rows.ts'
import styles from './enum-values-field.module.css'

const PATH = 'enumConfiguration'
const EMPTY: FeatureEnumValue = { value: '', displayName: '' }

/** A value without a name is called by itself. */
export const enumValuesOf = (rows: readonly FeatureEnumValue[]): FeatureEnumValue[] =>
  rows
    .filter(({ value }) => value !== '')
    .map(({ value, displayName }) => ({ value, displayName: displayName || value }))

/** The values of a feature that is a choice, in their order. */
export function EnumValuesField(props: {
  value: readonly FeatureEnumValue[]
  onChange: (rows: FeatureEnumValue[]) => void
}) {
  const rows = props.value.length === 0 ? [EMPTY] : props.value
  const { add, remove, bind } = rowEditor(rows, props.onChange)
  return (
    <Fieldset legend="Values">
      {rows.map(({ value }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={at} className={styles.row}>
          <TextField {...bind(at, 'value', `${PATH}/${at}/value`)} label="Value" isMono />
          <TextField
            {...bind(at, 'displayName', `${PATH}/${at}/displayName`)}
            label="Name"
            placeholder={value}
            isOptional
          />
          <IconButton label={`Remove the value ${value}`} icon={X} onClick={() => remove(at)} />
        </div>
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => add(EMPTY)}>
          Add a value
        </Button>
      </div>
    </Fieldset>
  )
}
