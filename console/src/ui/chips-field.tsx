import { X } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'
import styles from './chips-field.module.css'
import { Field, type FieldProps } from './field.tsx'

/**
 * A list of texts, each a chip. Enter adds what was typed, and so does leaving the field. Backspace
 * in front of all takes the last one back.
 */
export function ChipsField(
  props: FieldProps & {
    value: readonly string[]
    onChange: (values: string[]) => void
    placeholder?: string
    /** Whether a comma also ends a value. Only where no value can contain one. */
    isCommaEnd?: boolean
    isFirst?: boolean
  },
) {
  const { value: values, onChange, isCommaEnd = false } = props
  const [text, setText] = useState('')
  const add = (typed: string) => {
    const parts = typed.split(isCommaEnd ? /[\n,]/ : /\n/).map((part) => part.trim())
    onChange([...new Set([...values, ...parts.filter((part) => part !== '')])])
    setText('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const isEnd = event.key === 'Enter' || (event.key === ',' && isCommaEnd)
    if (isEnd && text.trim() !== '') {
      event.preventDefault()
      event.stopPropagation()
      add(text)
    } else if (event.key === 'Backspace' && text === '') onChange(values.slice(0, -1))
  }
  return (
    <Field {...props}>
      {(wiring) => (
        <div className={styles.box} data-invalid={wiring['aria-invalid'] || undefined}>
          {values.map((value) => (
            <span key={value} className={styles.chip}>
              <span className={styles.text}>{value}</span>
              <button
                type="button"
                aria-label={`Remove ${value}`}
                onClick={() => onChange(values.filter((each) => each !== value))}
              >
                <X size={12} aria-hidden />
              </button>
            </span>
          ))}
          <input
            {...wiring}
            value={text}
            placeholder={values.length === 0 ? props.placeholder : undefined}
            required={!props.isOptional && values.length === 0}
            autoComplete="off"
            spellCheck={false}
            data-autofocus={props.isFirst || undefined}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            onPaste={(event) => {
              const pasted = event.clipboardData.getData('text')
              if (!pasted.includes('\n') && !(isCommaEnd && pasted.includes(','))) return
              event.preventDefault()
              add(text + pasted)
            }}
            onBlur={() => text.trim() !== '' && add(text)}
          />
        </div>
      )}
    </Field>
  )
}
