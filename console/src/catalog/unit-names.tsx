import { FieldRow, TextField } from '../ui/field.tsx'

/** What one unit is called, and what several are. */
export function UnitNames(props: {
  /** Names of both fields in the request. */
  names: readonly [one: string, several: string]
  values: readonly [one: string, several: string]
  onOne: (one: string) => void
  onSeveral: (several: string) => void
  /** What the labels call a unit. */
  unit?: string
  hasExample?: boolean
}) {
  const { names, values, onOne, onSeveral, unit = 'unit', hasExample = false } = props
  return (
    <FieldRow>
      <TextField
        name={names[0]}
        label={`One ${unit}`}
        value={values[0]}
        onChange={onOne}
        {...(hasExample && { placeholder: 'token' })}
        isOptional
      />
      <TextField
        name={names[1]}
        label={`Several ${unit}s`}
        value={values[1]}
        onChange={onSeveral}
        {...(hasExample && { placeholder: 'tokens' })}
        isOptional
      />
    </FieldRow>
  )
}
