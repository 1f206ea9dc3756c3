import type { Subscription } from '../../../src/api.gen.ts'
import { ActorName } from '../activity/actor-name.tsx'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { Muted } from '../ui/page.tsx'
import { Problem } from '../ui/states.tsx'
import { Chip, Id, Time } from '../ui/text.tsx'
import { TEXTS } from './texts.ts'
import styles from './timeline.module.css'
import { EVENT_TYPES, type Moment, timelineOf } from './timeline.ts'

/** The last changes that are shown. The history has all. */
const MOST = 20

/** What will happen to a subscription, and what has. */
export function Timeline({ subscription }: { subscription: Subscription }) {
  const { id, customerId } = subscription
  const reason = useSession().whyNot('v1.audit.list')
  const query = { objectId: id, customerId, type: EVENT_TYPES as never, limit: MOST }
  const reading = useRead('v1.audit.list', { query }, { isOn: reason === null })
  const { ahead, past } = timelineOf(subscription, reading.data?.data ?? [])
  return (
    <>
      <h3 className={styles.head}>To come</h3>
      {ahead.length === 0 ? <Muted>{TEXTS.nothingAhead}</Muted> : <Moments rows={ahead} />}
      <h3 className={styles.head}>So far</h3>
      <Moments rows={past} />
      {reason !== null && <Muted>{reason}</Muted>}
      {reading.error && <Problem error={reading.error} onRetry={() => void reading.refetch()} />}
    </>
  )
}

const Moments = ({ rows }: { rows: readonly Moment[] }) => (
  <ol className={styles.list}>
    {rows.map(({ key, at, what, state, packageId, actor }) => (
      <li key={key} data-state={state}>
        <span className={styles.when}>
          <Time at={at} />
        </span>
        <span>
          {what} {packageId !== null && <Id>{packageId}</Id>}{' '}
          {(state === 'given up' || state === 'failed') && (
            <Chip tone={state === 'failed' ? 'denied' : 'plain'}>{state}</Chip>
          )}
          {actor && (
            <Muted>
              by <ActorName actor={actor} />
            </Muted>
          )}
        </span>
      </li>
    ))}
  </ol>
)
