import { scaleLinear } from 'd3-scale'
import { area, line } from 'd3-shape'
import { formatNumber } from '../format.ts'
import { type Column, Table } from '../ui/table.tsx'
import { ValueAxis } from './axes.tsx'
import styles from './chart.module.css'
import { Chart, HEIGHT, MARGIN } from './chart.tsx'

/** What was left at an instant, in milliseconds. */
export type Remainder = { atMs: number; left: number; used: number; limit: number }

/**
 * What is left of a window, from its start to its end; beside it the even pace, and from now on the
 * pace of now, down to where it runs out.
 */
export function BurnDownChart(props: {
  label: string
  summary: string
  startMs: number
  endMs: number
  points: readonly Remainder[]
  /** When it runs out at the pace of now. Null: not in this window. */
  exhaustsAtMs: number | null
  timeOf: (ms: number) => string
}) {
  const { label, summary, points, timeOf } = props
  const columns: readonly Column<Remainder>[] = [
    { title: 'When', cell: ({ atMs }) => timeOf(atMs) },
    { title: 'Used', cell: ({ used }) => formatNumber(used), isEnd: true },
    { title: 'Limit', cell: ({ limit }) => formatNumber(limit), isEnd: true },
  ]
  return (
    <Chart
      label={label}
      summary={summary}
      count={points.length}
      textAt={(at) => {
        const point = points[at]
        return point === undefined
          ? ''
          : `${timeOf(point.atMs)}: ${formatNumber(point.used)} of ${formatNumber(point.limit)} used`
      }}
      table={
        <Table
          label={`${label}, as a table`}
          rows={points}
          columns={columns}
          keyOf={(point) => String(points.indexOf(point))}
        />
      }
      draw={(width, cursor) => <Drawing {...props} width={width} cursor={cursor} />}
    />
  )
}

function Drawing(props: {
  width: number
  cursor: number | null
  startMs: number
  endMs: number
  points: readonly Remainder[]
  exhaustsAtMs: number | null
  timeOf: (ms: number) => string
}) {
  const { width, cursor, startMs, endMs, points, exhaustsAtMs, timeOf } = props
  const most = Math.max(1, ...points.map(({ limit }) => limit))
  const x = scaleLinear([startMs, endMs], [MARGIN.left, width - MARGIN.right])
  const y = scaleLinear([0, most], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(4)
  const last = points.at(-1)
  const shown = points.map(({ atMs, left }): [number, number] => [x(atMs), y(Math.max(0, left))])
  const at = cursor === null ? undefined : shown[cursor]
  return (
    <>
      <ValueAxis y={y} width={width} />
      <line
        className={styles.even}
        x1={x(startMs)}
        x2={x(endMs)}
        y1={y(last?.limit ?? most)}
        y2={y(0)}
      />
      <path className={styles.area} d={area<[number, number]>().y0(y(0))(shown) ?? ''} />
      <path className={styles.left} d={line<[number, number]>()(shown) ?? ''} />
      {last !== undefined && (
        <line className={styles.now} x1={x(last.atMs)} x2={x(last.atMs)} y1={y(0)} y2={y(most)} />
      )}
      {last !== undefined && exhaustsAtMs !== null && exhaustsAtMs > last.atMs && (
        <line
          className={styles.ahead}
          x1={x(last.atMs)}
          x2={x(exhaustsAtMs)}
          y1={y(Math.max(0, last.left))}
          y2={y(0)}
        />
      )}
      {at !== undefined && <circle className={styles.axis} cx={at[0]} cy={at[1]} r={3} />}
      {[startMs, (startMs + endMs) / 2, endMs].map((ms, index) => (
        <text
          key={ms}
          className={styles.axis}
          x={x(ms)}
          y={HEIGHT - 6}
          textAnchor={index === 0 ? 'start' : index === 1 ? 'middle' : 'end'}
        >
          {timeOf(ms)}
        </text>
      ))}
    </>
  )
}
