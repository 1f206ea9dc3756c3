import { Plus, X } from 'lucide-react'
import { Button, IconButton } from './button.tsx'
import styles from './field.module.css'

export type MetadataRow = { key: string; value: string }

export const metadataRows = (metadata: Readonly<Record<string, string>>): MetadataRow[] =>
  Object.entries(metadata).map(([key, value]) => ({ key, value }))

/** What to send so that the stored labels become these rows. An empty text removes a label. */
export function metadataChange(
  rows: readonly MetadataRow[],
  former: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = Object.fromEntries(
    rows.filter(({ key }) => key !== '').map(({ key, value }) => [key, value]),
  )
  const gone = Object.keys(former).filter((key) => !Object.hasOwn(kept, key))
  return { ...Object.fromEntries(gone.map((key) => [key, ''])), ...kept }
}

/** Labels of a record, text to text. */
export function MetadataField(props: {
  value: readonly MetadataRow[]
  onChange: (rows: MetadataRow[]) => void
}) {
  const { value: rows, onChange } = props
  const change = (at: number, part: Partial<MetadataRow>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return (
    <fieldset className={styles.rows}>
      <legend className={styles.label}>
        Metadata <span className={styles.optional}>optional</span>
      </legend>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={index} className={styles.rowOfFields}>
          <input
            className={styles.input}
            aria-label="Name of the label"
            placeholder="name"
            value={row.key}
            onChange={(event) => change(index, { key: event.target.value })}
          />
          <input
            className={styles.input}
            aria-label={`Value of ${row.key}`}
            placeholder="value"
            value={row.value}
            onChange={(event) => change(index, { value: event.target.value })}
          />
          <IconButton
            label={`Remove ${row.key}`}
            icon={X}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <div>
        <Button
          size="small"
          icon={Plus}
          onClick={() => onChange([...rows, { key: '', value: '' }])}
        >
          Add a label
        </Button>
      </div>
    </fieldset>
  )
}
