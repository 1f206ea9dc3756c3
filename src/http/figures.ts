import { Counter, Gauge, type Registry } from 'prom-client'

/** A metric that is read when it is scraped. With a `label`, it has a line for each value of it. */
type Figure = { name: string; help: string; label?: string }

/** The number of the only line, or the numbers by the values of the label. */
type Reading = number | Readonly<Record<string, number>>

export const exposeGauge = (registry: Registry, figure: Figure, read: () => Reading) =>
  new Gauge({
    ...configOf(registry, figure),
    collect() {
      for (const [labels, value] of linesOf(figure, read())) this.set(labels, value)
    },
  })

export const exposeCounter = (registry: Registry, figure: Figure, read: () => Reading) =>
  new Counter({
    ...configOf(registry, figure),
    collect() {
      this.reset()
      for (const [labels, value] of linesOf(figure, read())) this.inc(labels, value)
    },
  })

const configOf = (registry: Registry, { name, help, label }: Figure) => ({
  name,
  help,
  labelNames: label === undefined ? [] : [label],
  registers: [registry],
})

const linesOf = ({ label = '' }: Figure, reading: Reading): [Record<string, string>, number][] =>
  typeof reading === 'number'
    ? [[{}, reading]]
    : Object.entries(reading).map(([word, value]) => [{ [label]: word }, value])
