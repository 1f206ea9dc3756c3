import { scaleLinear } from 'd3-scale'
import { stack, stackOffsetDiverging } from 'd3-shape'
import { formatNumber } from '../format.ts'
import { type Column, Table } from '../ui/table.tsx'
import { PlaceAxis, ValueAxis } from './axes.tsx'
import styles from './chart.module.css'
import { Chart, HEIGHT, MARGIN } from './chart.tsx'

/** What was added in each interval. Corrections can be below 0. */
export type Increments = {
  key: string
  name: string
  total: number
  values: readonly number[]
}

const COLORS = 8

/** Series have one of eight colors; what is grey is all the rest. */
const colorOf = (at: number): string => (at < COLORS ? `var(--series-${at + 1})` : 'var(--fg-2)')

/** Increments by interval, stacked by group. */
export function IncrementChart(props: {
  label: string
  summary: string
  /** Names of the intervals, in the order of the values. */
  intervals: readonly string[]
  series: readonly Increments[]
  /** Whether the series are groups, whose names are told. */
  isGrouped: boolean
}) {
  const { label, summary, intervals, series, isGrouped } = props
  const textAt = (at: number): string => {
    const values = series
      .filter(({ values: each }) => (each[at] ?? 0) !== 0)
      .map(({ name, values: each }) => `${name} ${formatNumber(each[at] ?? 0)}`)
    return `${intervals[at]}: ${values.length === 0 ? 'nothing' : values.join(', ')}`
  }
  return (
    <Chart
      label={label}
      summary={summary}
      count={intervals.length}
      textAt={textAt}
      table={<IncrementTable label={label} intervals={intervals} series={series} />}
      legend={isGrouped && <Legend series={series} />}
      draw={(width, cursor) => (
        <Bars width={width} cursor={cursor} intervals={intervals} series={series} />
      )}
    />
  )
}

function Bars(props: {
  width: number
  cursor: number | null
  intervals: readonly string[]
  series: readonly Increments[]
}) {
  const { width, cursor, intervals, series } = props
  const layers = stack<number, number>()
    .keys(series.keys())
    .value((at, layer) => series[layer]?.values[at] ?? 0)
    .offset(stackOffsetDiverging)(intervals.keys())
  const ends = layers.flat(2)
  const y = scaleLinear(
    [Math.min(0, ...ends), Math.max(...ends, 1)],
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  ).nice(4)
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, intervals.length)
  const xOf = (at: number) => MARGIN.left + at * step
  const gap = step > 4 ? 1 : 0
  return (
    <>
      {cursor !== null && (
        <rect
          className={styles.cursor}
          x={xOf(cursor)}
          y={MARGIN.top}
          width={step}
          height={HEIGHT - MARGIN.top - MARGIN.bottom}
        />
      )}
      <ValueAxis y={y} width={width} />
      {layers.map((layer, index) => (
        <path
          key={series[index]?.key}
          fill={colorOf(index)}
          d={layer
            .map(([low, high], at) =>
              low === high ? '' : `M${xOf(at)},${y(low)}V${y(high)}h${step - gap}V${y(low)}z`,
            )
            .join('')}
        />
      ))}
      <PlaceAxis labels={intervals} xOf={(at) => xOf(at) + step / 2} width={width} />
    </>
  )
}

const Legend = ({ series }: { series: readonly Increments[] }) => (
  <ul className={styles.legend}>
    {series.map(({ key, name, total }, at) => (
      <li key={key}>
        <span className={styles.swatch} style={{ background: colorOf(at) }} />
        <bdi>{name}</bdi> {formatNumber(total)}
      </li>
    ))}
  </ul>
)

function IncrementTable(props: {
  label: string
  intervals: readonly string[]
  series: readonly Increments[]
}) {
  const columns: Column<number>[] = [
    { title: 'Interval', cell: (at) => props.intervals[at] },
    ...props.series.map(
      ({ name, values }): Column<number> => ({
        title: name,
        cell: (at) => formatNumber(values[at] ?? 0),
        isEnd: true,
      }),
    ),
  ]
  return (
    <Table
      label={`${props.label}, as a table`}
      rows={[...props.intervals.keys()]}
      columns={columns}
      keyOf={String}
    />
  )
}
