import { Plus, X } from 'lucide-react'
import type { FeatureEnumValue } from '../../../src/api.gen.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import styles from './enum-values-field.module.css'

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
  const { onChange } = props
  const rows = props.value.length === 0 ? [EMPTY] : props.value
  const change = (at: number, part: Partial<FeatureEnumValue>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return (
    <fieldset className={styles.rows}>
      <legend>Values</legend>
      {rows.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={at} className={styles.row}>
          <TextField
            name={`enumConfiguration/${at}/value`}
            label="Value"
            value={row.value}
            onChange={(value) => change(at, { value })}
            isMono
          />
          <TextField
            name={`enumConfiguration/${at}/displayName`}
            label="Name"
            value={row.displayName}
            onChange={(displayName) => change(at, { displayName })}
            placeholder={row.value}
            isOptional
          />
          <IconButton
            label={`Remove the value ${row.value}`}
            icon={X}
            onClick={() => onChange(rows.filter((_, index) => index !== at))}
          />
        </div>
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => onChange([...rows, EMPTY])}>
          Add a value
        </Button>
      </div>
    </fieldset>
  )
}
