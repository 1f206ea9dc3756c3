import type { Choice } from '../../ui/field.tsx'
import styles from './view.module.css'

/** One of several values, in a toolbar: without room for a label. */
export function Select<Value extends string>(props: {
  label: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
}) {
  const { label, value, onChange, choices } = props
  if (choices.length === 0) return null
  return (
    <select
      className={styles.select}
      aria-label={label}
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
