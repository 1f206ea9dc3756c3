import type { Feature } from '../../../src/api.gen.ts'
import { CheckField, Fieldset } from '../ui/field.tsx'
import type { FieldState } from '../ui/use-form.ts'

/** The values of a feature of the type ENUM, to choose from. */
export function EnumChecks(
  props: Omit<FieldState<readonly string[]>, 'name'> & { feature: Feature },
) {
  const { feature, value: chosen, onChange } = props
  return (
    <Fieldset legend="Values">
      {(feature.enumConfiguration ?? []).map(({ value, displayName }) => (
        <CheckField
          key={value}
          label={displayName}
          hint={value}
          value={chosen.includes(value)}
          onChange={(isOn) =>
            onChange(isOn ? [...chosen, value] : chosen.filter((each) => each !== value))
          }
        />
      ))}
    </Fieldset>
  )
}
