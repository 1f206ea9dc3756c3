import type { SelectHTMLAttributes } from 'react'
import type { Choice } from './choices.ts'

type Own = 'value' | 'onChange' | 'children'

/** The browser's own select, over values of one type. It has no look of its own. */
export function Select<Value extends string>({
  value,
  onChange,
  choices,
  ...attributes
}: Omit<SelectHTMLAttributes<HTMLSelectElement>, Own> & {
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
}) {
  return (
    <select
      {...attributes}
      value={value}
      onChange={(event) => {
        const chosen = choices.find((each) => each.value === event.target.value)
        if (chosen) onChange(chosen.value)
      }}
    >
      {choices.map((each) => (
        <option key={each.value} value={each.value}>
          {each.label}
        </option>
      ))}
    </select>
  )
}
