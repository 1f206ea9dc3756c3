import { useId } from 'react'
import type { Choice } from './field.tsx'
import styles from './filter.module.css'

/** A filter of a list: one of a few values. An empty value is all of them. */
export function FilterSelect<Value extends string>(props: {
  label: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
}) {
  const { label, value, onChange, choices } = props
  return (
    <label className={styles.filter} data-on={value !== choices[0]?.value || undefined}>
      <span>{label}</span>
      <select
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
    </label>
  )
}

/** A filter of a list that is typed. It counts once the field is left, or with Enter. */
export function FilterText(props: {
  label: string
  value: string
  onChange: (value: string) => void
  type?: 'text' | 'datetime-local'
  suggestions?: readonly string[]
}) {
  const { label, value, onChange, type = 'text', suggestions } = props
  const id = useId()
  const commit = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    if (currentTarget.value.trim() !== value) onChange(currentTarget.value.trim())
  }
  return (
    <label className={styles.filter} data-on={value !== '' || undefined}>
      <span>{label}</span>
      <input
        key={value}
        type={type}
        defaultValue={value}
        list={suggestions && id}
        autoComplete="off"
        spellCheck={false}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit(event)}
      />
      {suggestions && (
        <datalist id={id}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </label>
  )
}
