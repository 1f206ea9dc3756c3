import { FieldRow, TextField } from '../ui/field.tsx'
import type { FieldState } from '../ui/use-form.ts'

/** What one unit is called, and what several are. */
export function UnitNames(props: {
  one: FieldState<string>
  several: FieldState<string>
  /** What the labels call a unit. */
  unit?: string
  hasExample?: boolean
}) {
  const { one, several, unit = 'unit', hasExample = false } = props
  const [token, tokens] = hasExample ? ['token', 'tokens'] : []
  return (
    <FieldRow>
      <TextField {...one} label={`One ${unit}`} placeholder={token} isOptional />
      <TextField {...several} label={`Several ${unit}s`} placeholder={tokens} isOptional />
    </FieldRow>
  )
}
