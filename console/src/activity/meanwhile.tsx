import { isOutdated } from '../api/errors.ts'
import { useSession } from '../api/session.tsx'
import { EVERY, useRead } from '../api/use-read.ts'
import { Id, Time } from '../ui/text.tsx'
import type { FieldComparison } from '../ui/use-form.ts'
import styles from './activity.module.css'
import { ActorName } from './actor-name.tsx'
import { valueText } from './diff.ts'

/**
 * Shown in a form whose object was changed after the form was opened: by whom, and what is there
 * now beside what was typed. Nothing otherwise.
 */
export function Meanwhile(props: {
  error: unknown
  objectId: string
  customerId?: string
  /** Types of the events about such objects, if objects of other kinds may have the same id. */
  types?: readonly string[]
  fields: readonly FieldComparison[]
}) {
  return isOutdated(props.error) ? <Changed {...props} /> : null
}

function Changed(props: Omit<Parameters<typeof Meanwhile>[0], 'error'>) {
  const { objectId, customerId, types, fields } = props
  const reason = useSession().whyNot('v1.audit.list')
  const reading = useRead(
    'v1.audit.list',
    {
      query: {
        objectId,
        limit: 1,
        ...(customerId !== undefined && { customerId }),
        ...(types !== undefined && { type: [...types] }),
      },
    },
    { everyMs: EVERY.panel, isOn: reason === null },
  )
  const last = reading.data?.data[0]
  const others = fields.filter(({ now, typed }) => valueText(now) !== valueText(typed))
  return (
    <div role="alert" className={styles.meanwhile}>
      <p>
        Changed meanwhile
        {last !== undefined && (
          <>
            {' '}
            by <ActorName actor={last.actor} /> <Time at={last.occurredAt} />
          </>
        )}
        . Nothing was saved, and what you typed is still here. Save again to replace what is there
        now.
      </p>
      {others.length > 0 && (
        <div className={styles.diff}>
          <span className={styles.head}>field</span>
          <span className={styles.head}>now</span>
          <span className={styles.head}>yours</span>
          {others.map(({ label, now, typed }) => [
            <span key={`${label} name`}>{label}</span>,
            <Id key={`${label} now`}>{valueText(now) || '—'}</Id>,
            <Id key={`${label} typed`}>{valueText(typed) || '—'}</Id>,
          ])}
        </div>
      )}
    </div>
  )
}
