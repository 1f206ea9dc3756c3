import { Counter, Gauge, type Registry } from 'prom-client'

/** What is known of the states of customers in memory. */
export type EngineCounts = {
  customers: number
  bytes: number
  evictions: number
  hits: number
  misses: number
  versionReads: number
  versionQueries: number
}

type Shown = { name: string; help: string; of: (counts: EngineCounts) => number }

const GAUGES: readonly Shown[] = [
  {
    name: 'bursar_state_cache_customers',
    help: 'Customers whose state is in the memory of this process.',
    of: ({ customers }) => customers,
  },
  {
    name: 'bursar_state_cache_bytes',
    help: 'About how much memory these states take.',
    of: ({ bytes }) => bytes,
  },
]

const COUNTERS: readonly Shown[] = [
  {
    name: 'bursar_state_cache_evictions_total',
    help: 'States dropped to make room for others.',
    of: ({ evictions }) => evictions,
  },
  {
    name: 'bursar_version_reads_total',
    help: 'Statements that read the versions of customers for checks.',
    of: ({ versionReads }) => versionReads,
  },
  {
    name: 'bursar_version_read_checks_total',
    help: 'Checks that these statements were for.',
    of: ({ versionQueries }) => versionQueries,
  },
]

/** The states of customers in memory, and how checks use them. */
export function exposeEngine(registry: Registry, counts: () => EngineCounts): void {
  const registers = [registry]
  for (const { name, help, of } of GAUGES)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(of(counts()))
      },
    })
  for (const { name, help, of } of COUNTERS)
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(of(counts()))
      },
    })
  new Counter({
    name: 'bursar_checks_total',
    help: 'Checks answered from memory, and checks that read parts of a state from the database.',
    labelNames: ['source'],
    registers,
    collect() {
      const { hits, misses } = counts()
      this.reset()
      this.inc({ source: 'memory' }, hits)
      this.inc({ source: 'database' }, misses)
    },
  })
}
