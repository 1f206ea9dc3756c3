import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import styles from './chart.module.css'
import { useWidth } from './use-width.ts'

export const HEIGHT = 220
export const MARGIN = { top: 8, right: 8, bottom: 24, left: 56 } as const

type ChartProps = {
  label: string
  /** What the chart shows, in one sentence. */
  summary: string
  /** How many places the cursor has. */
  count: number
  /** What stands at a place, in words. */
  textAt: (at: number) => string
  table: ReactNode
  legend?: ReactNode
  /** Draws the chart. The cursor is null while nobody points at anything. */
  draw: (width: number, cursor: number | null) => ReactNode
}

/**
 * Around every chart: its sentence, a cursor for the mouse and for the keys ← and →, what stands at
 * the cursor, and the same as a table.
 */
export function Chart(props: ChartProps) {
  const { label, summary, count, textAt, table, legend, draw } = props
  const [isTable, setTable] = useState(false)
  const [cursor, setCursor] = useState<number | null>(null)
  const at = cursor === null || count === 0 ? null : Math.min(cursor, count - 1)
  return (
    <figure className={styles.figure} aria-label={label}>
      <div className={styles.head}>
        <figcaption className={styles.summary}>{summary}</figcaption>
        <Button size="small" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          Show as table
        </Button>
      </div>
      {isTable ? (
        table
      ) : (
        <>
          <Canvas label={label} count={count} cursor={at} onCursor={setCursor} draw={draw} />
          <p role="status" className={styles.status}>
            {at === null ? '' : textAt(at)}
          </p>
          {legend}
        </>
      )}
    </figure>
  )
}

function Canvas(props: {
  label: string
  count: number
  cursor: number | null
  onCursor: (at: number | null) => void
  draw: ChartProps['draw']
}) {
  const { label, count, cursor, onCursor, draw } = props
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined || count === 0) return
    event.preventDefault()
    const from = cursor ?? (step === 1 ? -1 : count)
    onCursor(Math.max(0, Math.min(count - 1, from + step)))
  }
  const placeOf = (clientX: number): number | null => {
    const left = frame.current?.getBoundingClientRect().left ?? 0
    const share = (clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right)
    return share < 0 || share >= 1 ? null : Math.floor(share * count)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div
      ref={frame}
      className={styles.canvas}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move the cursor
      tabIndex={0}
      aria-label={`${label}. The keys left and right read the values.`}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => onCursor(placeOf(event.clientX))}
      onPointerLeave={() => onCursor(null)}
      onBlur={() => onCursor(null)}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden>
          {draw(width, cursor)}
        </svg>
      )}
    </div>
  )
}
