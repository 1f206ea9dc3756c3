import type { AuditEntry } from '../../../src/api.gen.ts'
import { formatInstant } from '../format.ts'
import { usePreferences } from '../preferences.ts'
import { CopyButton } from '../ui/copy.tsx'
import { Code } from '../ui/page.tsx'
import { Id, None } from '../ui/text.tsx'
import styles from './activity.module.css'
import { ActorName } from './actor-name.tsx'
import { changesOf, valueText } from './diff.ts'
import { TEXTS } from './texts.ts'
import { UndoChange } from './undo-change.tsx'

/** One change: by whom and how, and its fields before and after. */
export function ChangeDetails({ entry }: { entry: AuditEntry }) {
  const { zone } = usePreferences()
  const changes = changesOf(entry.before, entry.after)
  return (
    <div className={styles.details}>
      <div className={styles.origin}>
        <span>{formatInstant(entry.occurredAt, zone)}</span>
        <span>
          by <ActorName actor={entry.actor} isWhole />
        </span>
        <span>
          operation <Id>{entry.operation}</Id>
        </span>
        {entry.traceId && (
          <span>
            trace <Id>{entry.traceId}</Id> <CopyButton text={entry.traceId} label="Copy trace id" />
          </span>
        )}
      </div>
      {changes.length === 0 ? (
        <None>{TEXTS.nothing}</None>
      ) : (
        <div className={styles.diff}>
          <span className={styles.head}>field</span>
          <span className={styles.head}>before</span>
          <span className={styles.head}>after</span>
          {changes.map(({ path, before, after }) => [
            <span key={`${path} name`} className={styles.path}>
              {path}
            </span>,
            before === undefined ? (
              <span key={`${path} before`} />
            ) : (
              <del key={`${path} before`} className={styles.before}>
                {valueText(before)}
              </del>
            ),
            after === undefined ? (
              <span key={`${path} after`} />
            ) : (
              <ins key={`${path} after`} className={styles.after}>
                {valueText(after)}
              </ins>
            ),
          ])}
        </div>
      )}
      <UndoChange entry={entry} />
    </div>
  )
}

/** What an event carries: the object after it. */
export function EventDetails({ data }: { data: object | null }) {
  return (
    <div className={styles.details}>
      {data === null ? (
        <None>{TEXTS.gone}</None>
      ) : (
        <Code text={JSON.stringify(data, null, 2)} label="Copy the object" />
      )}
    </div>
  )
}
