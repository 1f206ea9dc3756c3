import { scaleLinear } from 'd3-scale'
import { area, line } from 'd3-shape'
import { formatNumber } from '../format.ts'
import styles from './spark.module.css'

const WIDTH = 240
const HEIGHT = 36

/** A few dozen figures as a line, without axes. The sentence is for who does not see it. */
export function Spark(props: { label: string; values: readonly number[] }) {
  const { label, values } = props
  const most = Math.max(...values, 0)
  const x = scaleLinear([0, Math.max(1, values.length - 1)], [1, WIDTH - 1])
  const y = scaleLinear([0, Math.max(1, most)], [HEIGHT - 1.5, 2])
  const points = values.map((value, index): [number, number] => [x(index), y(value)])
  const last = values.at(-1) ?? 0
  return (
    <svg
      className={styles.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: last ${formatNumber(last)}, at most ${formatNumber(most)}`}
    >
      <path className={styles.area} d={area<[number, number]>().y0(HEIGHT)(points) ?? ''} />
      <path className={styles.line} d={line<[number, number]>()(points) ?? ''} />
    </svg>
  )
}
