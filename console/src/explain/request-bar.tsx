import { formatNumber } from '../format.ts'
import styles from './chain.module.css'

/**
 * What is used, held and asked for, on the scale of the limit. What does not fit stands beyond the
 * mark of the limit, hatched.
 */
export function RequestBar(props: { used: number; held: number; asks: number; limit: number }) {
  const { used, held, asks, limit } = props
  const whole = Math.max(limit, used + held + asks, 1e-9)
  const share = (part: number) => `${(Math.max(0, part) / whole) * 100}%`
  const room = Math.max(0, limit - used - held)
  const fits = Math.min(asks, room)
  return (
    <div
      className={styles.bar}
      role="img"
      aria-label={[
        `${formatNumber(used)} used`,
        held > 0 && `${formatNumber(held)} held`,
        `${formatNumber(asks)} asked for`,
        `of ${formatNumber(limit)}`,
      ]
        .filter(Boolean)
        .join(', ')}
    >
      <span className={styles.used} style={{ width: share(used) }} />
      <span className={styles.held} style={{ width: share(held) }} />
      <span className={styles.asks} style={{ width: share(fits) }} />
      <span className={styles.over} style={{ width: share(asks - fits) }} />
      {whole > limit && <span className={styles.mark} style={{ left: share(limit) }} />}
    </div>
  )
}

/** What the parts of the bars mean. */
export const BarLegend = () => (
  <div className={styles.legend} aria-hidden>
    <span>
      <i className={styles.used} /> used
    </span>
    <span>
      <i className={styles.held} /> held
    </span>
    <span>
      <i className={styles.asks} /> this request
    </span>
    <span>
      <i className={styles.over} /> does not fit
    </span>
  </div>
)
