import { useId } from 'react'
import type { Choice } from './choices.ts'
import styles from './filter.module.css'
import { Toolbar } from './page.tsx'
import { Select } from './select.tsx'

type SelectProps<Value extends string> = {
  label: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
}

/** A filter of a list: one of a few values. An empty value is all of them. */
export function FilterSelect<Value extends string>(props: SelectProps<Value>) {
  const { label, value, onChange, choices } = props
  const id = useId()
  return (
    <label
      htmlFor={id}
      className={styles.filter}
      data-on={value !== choices[0]?.value || undefined}
    >
      <span>{label}</span>
      <Select id={id} value={value} onChange={onChange} choices={choices} />
    </label>
  )
}

/** The toolbar of a list whose only filter is the state of its rows. */
export const StateToolbar = <Value extends string>(props: Omit<SelectProps<Value>, 'label'>) => (
  <Toolbar>
    <FilterSelect {...props} label="State" />
  </Toolbar>
)

/** A filter that is an instant, or an empty text. Shown and typed in the zone of the browser. */
export function FilterInstant(props: {
  label: string
  value: string
  onChange: (instant: string) => void
}) {
  const { label, value, onChange } = props
  return (
    <FilterText
      label={label}
      type="datetime-local"
      value={localText(value)}
      onChange={(text) => onChange(text === '' ? '' : new Date(text).toISOString())}
    />
  )
}

/** An instant as the field of the browser writes it, in its own zone. */
export function localText(instant: string): string {
  if (instant === '') return ''
  const date = new Date(instant)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
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
