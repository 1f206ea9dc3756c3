import { formatNumber } from '../format.ts'
import styles from './bar.module.css'

/** From this share of the limit on, a bar warns. */
export const NEAR = 0.8

/** What is used and held of a limit. Neutral as long as there is nothing to say. */
export function Bar(props: { used: number; held?: number; limit: number }) {
  const { used, held = 0, limit } = props
  const share = (part: number) => (limit > 0 ? Math.max(0, Math.min(1, part / limit)) : 1)
  const usedShare = share(used)
  const heldShare = Math.min(1 - usedShare, share(held))
  const tone = used >= limit ? styles.full : used + held >= NEAR * limit ? styles.near : ''
  return (
    <div
      className={`${styles.bar} ${tone}`}
      role="img"
      aria-label={`${formatNumber(used)} of ${formatNumber(limit)} used`}
    >
      <div className={styles.used} style={{ width: `${usedShare * 100}%` }} />
      {heldShare > 0 && <div className={styles.held} style={{ width: `${heldShare * 100}%` }} />}
    </div>
  )
}

/** How much of something has ended, in percent. */
export const Progress = ({ label, percent }: { label: string; percent: number }) => (
  <div
    className={`${styles.bar} ${styles.progress}`}
    role="progressbar"
    aria-label={label}
    aria-valuemin={0}
    aria-valuemax={100}
    aria-valuenow={percent}
  >
    <div className={styles.used} style={{ width: `${percent}%` }} />
  </div>
)
