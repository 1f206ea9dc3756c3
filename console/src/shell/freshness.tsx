import { useQueryClient } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { formatDuration } from '../format.ts'
import { Button } from '../ui/button.tsx'
import { useNow } from '../use-now.ts'
import styles from './frame.module.css'

/** From this age on, the top line says so in a color, in milliseconds. */
const OLD_MS = 90_000

/** How old what is shown is, by its oldest part. Pressed, it reads everything again. */
export function Freshness() {
  const queries = useQueryClient()
  const nowMs = useNow(1000)
  const shown = queries.getQueryCache().findAll({ type: 'active' })
  const read = shown.filter(({ state }) => state.dataUpdatedAt > 0)
  const oldest = Math.min(...read.map(({ state }) => state.dataUpdatedAt))
  const ageMs = Math.max(0, nowMs - oldest)
  const isFailing = read.some(({ state }) => state.fetchFailureCount > 0 || state.error !== null)
  if (read.length === 0) return null
  const isOld = isFailing || ageMs > OLD_MS
  const age = formatDuration(ageMs)
  const text = isFailing ? `${age} old · retrying` : `${age} ago`
  return (
    <span className={isOld ? styles.stale : styles.fresh}>
      <Button
        look="quiet"
        size="small"
        icon={RefreshCw}
        aria-label={`Refresh, read ${text}`}
        onClick={() => void queries.refetchQueries({ type: 'active' })}
      >
        <span className={styles.age}>{text}</span>
      </Button>
    </span>
  )
}
