import { Plus, X } from 'lucide-react'
import { Button, IconButton } from './button.tsx'
import styles from './field.module.css'
import { Fieldset } from './field.tsx'
import { rowEditor } from './rows.ts'

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
  const { set, add, remove } = rowEditor(rows, onChange)
  return (
    <Fieldset
      legend={
        <span className={styles.label}>
          Metadata <span className={styles.optional}>optional</span>
        </span>
      }
    >
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={index} className={styles.rowOfFields}>
          <input
            className={styles.input}
            aria-label="Name of the label"
            placeholder="name"
            value={row.key}
            onChange={(event) => set(index, { key: event.target.value })}
          />
          <input
            className={styles.input}
            aria-label={`Value of ${row.key}`}
            placeholder="value"
            value={row.value}
            onChange={(event) => set(index, { value: event.target.value })}
          />
          <IconButton label={`Remove ${row.key}`} icon={X} onClick={() => remove(index)} />
        </div>
      ))}
      <div>
        <Button size="small" icon={Plus} onClick={() => add({ key: '', value: '' })}>
          Add a label
        </Button>
      </div>
    </Fieldset>
  )
}
