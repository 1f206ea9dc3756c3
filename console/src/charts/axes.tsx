import type { ScaleLinear } from 'd3-scale'
import { formatShort } from '../format.ts'
import styles from './chart.module.css'
import { HEIGHT, MARGIN } from './chart.tsx'

/** Lines at round values, each with its number. */
export const ValueAxis = (props: { y: ScaleLinear<number, number>; width: number }) =>
  props.y.ticks(4).map((value) => (
    <g key={value}>
      <line
        className={styles.grid}
        x1={MARGIN.left}
        x2={props.width - MARGIN.right}
        y1={props.y(value)}
        y2={props.y(value)}
      />
      <text
        className={styles.axis}
        x={MARGIN.left - 8}
        y={props.y(value)}
        dy="0.32em"
        textAnchor="end"
      >
        {formatShort(value)}
      </text>
    </g>
  ))

/** Room that one label of the axis of time needs, in pixels. */
const LABEL_WIDTH = 90

/** Labels of some of the places, as many as there is room for. `xOf` returns the middle of one. */
export function PlaceAxis(props: {
  labels: readonly string[]
  xOf: (at: number) => number
  width: number
}) {
  const { labels, xOf, width } = props
  const room = Math.max(1, Math.floor((width - MARGIN.left) / LABEL_WIDTH))
  const step = Math.max(1, Math.ceil(labels.length / room))
  return labels.map((label, at) =>
    at % step !== 0 ? null : (
      <text
        // biome-ignore lint/suspicious/noArrayIndexKey: a label has no identity but its place
        key={at}
        className={styles.axis}
        x={xOf(at)}
        y={HEIGHT - 6}
        textAnchor="middle"
      >
        {label}
      </text>
    ),
  )
}
