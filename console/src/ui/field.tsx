import { Search } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import type { Choice } from './choices.ts'
import styles from './field.module.css'
import { useFieldError } from './form.tsx'
import { Select } from './select.tsx'

export type FieldProps = {
  /** Name of the field in the request, by which errors of the server find it. */
  name: string
  label: string
  hint?: ReactNode
  isOptional?: boolean
}

type ControlProps = {
  id: string
  name: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

/** A label, a control, and what the server or a hint says about it. */
export function Field(props: FieldProps & { children: (wiring: ControlProps) => ReactNode }) {
  const { name, label, hint, isOptional = false, children } = props
  const id = useId()
  const error = useFieldError(name)
  const about = error ?? hint
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label} {isOptional && <span className={styles.optional}>optional</span>}
      </label>
      {children({
        id,
        name,
        'aria-invalid': error !== null,
        'aria-describedby': about ? `${id}-about` : undefined,
      })}
      {about && (
        <div
          id={`${id}-about`}
          className={error === null ? styles.hint : styles.error}
          role={error === null ? undefined : 'alert'}
        >
          {about}
        </div>
      )}
    </div>
  )
}

/** What fields have in common into which a text is typed. */
const typed = (
  wiring: ControlProps,
  props: { value: string; isMono?: boolean; isOptional?: boolean },
) => ({
  ...wiring,
  className: `${styles.input} ${props.isMono ? styles.mono : ''}`,
  value: props.value,
  required: !props.isOptional,
  spellCheck: false,
})

export function TextField(
  props: FieldProps & {
    value: string
    onChange: (value: string) => void
    placeholder?: string | undefined
    isMono?: boolean
    isFirst?: boolean
    type?: 'text' | 'email' | 'password' | 'datetime-local'
    isNumber?: boolean
    /** Values to choose from; others can be typed. */
    suggestions?: readonly (string | { value: string; label: string })[]
  },
) {
  const { onChange, isFirst, isNumber, suggestions } = props
  return (
    <Field {...props}>
      {(wiring) => (
        <>
          <input
            {...typed(wiring, props)}
            type={props.type ?? 'text'}
            inputMode={isNumber ? 'decimal' : undefined}
            placeholder={props.placeholder}
            autoComplete="off"
            data-autofocus={isFirst || undefined}
            list={suggestions ? `${wiring.id}-list` : undefined}
            onChange={(event) => onChange(event.target.value)}
          />
          {suggestions && (
            <datalist id={`${wiring.id}-list`}>
              {suggestions.map((each) =>
                typeof each === 'string' ? (
                  <option key={each} value={each} />
                ) : (
                  <option key={each.value} value={each.value} label={each.label} />
                ),
              )}
            </datalist>
          )}
        </>
      )}
    </Field>
  )
}

export function TextArea(
  props: FieldProps & {
    value: string
    onChange: (value: string) => void
    rows?: number
    isMono?: boolean
  },
) {
  const { onChange, rows = 3 } = props
  return (
    <Field {...props}>
      {(wiring) => (
        <textarea
          {...typed(wiring, props)}
          rows={rows}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

export function SelectField<Value extends string>(
  props: FieldProps & {
    value: Value
    onChange: (value: Value) => void
    choices: readonly Choice<Value>[]
  },
) {
  const { value, onChange, choices } = props
  return (
    <Field {...props}>
      {(wiring) => (
        <Select
          {...wiring}
          className={styles.input}
          value={value}
          onChange={onChange}
          choices={choices}
        />
      )}
    </Field>
  )
}

export function CheckField(props: {
  label: ReactNode
  value: boolean
  onChange: (value: boolean) => void
  hint?: ReactNode
}) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={props.value}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      <span>
        {props.label}
        {props.hint && <span className={styles.hint}> {props.hint}</span>}
      </span>
    </label>
  )
}

/** A few values of which one is always chosen. */
export function Choices<Value extends string>(props: {
  label: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
}) {
  const name = useId()
  return (
    <div role="radiogroup" aria-label={props.label} className={styles.choices}>
      {props.choices.map((each) => (
        <label key={each.value} className={styles.choice}>
          <input
            type="radio"
            name={name}
            checked={each.value === props.value}
            onChange={() => props.onChange(each.value)}
          />
          {each.label}
        </label>
      ))}
    </div>
  )
}

/** Fields that belong together, and what they are called. */
export const Fieldset = ({ legend, children }: { legend: ReactNode; children: ReactNode }) => (
  <fieldset className={styles.rows}>
    <legend>{legend}</legend>
    {children}
  </fieldset>
)

/** Fields beside each other where there is room. */
export const FieldRow = ({ children }: { children: ReactNode }) => (
  <div className={styles.pair}>{children}</div>
)

/** The filter line of a view: the key `/` leads to it. */
export function SearchField(props: {
  label: string
  value: string
  onChange: (value: string) => void
}) {
  return (
    <div className={styles.search}>
      <Search size={14} aria-hidden />
      <input
        className={styles.input}
        type="search"
        aria-label={props.label}
        placeholder={props.label}
        value={props.value}
        data-filter
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => props.onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && props.value !== '') {
            event.stopPropagation()
            props.onChange('')
          }
        }}
      />
    </div>
  )
}
