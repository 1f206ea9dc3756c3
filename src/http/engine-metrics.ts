import type { Registry } from 'prom-client'
import { exposeCounter, exposeGauge } from './figures.ts'

/** What is known of the states of customers in memory. */
export type EngineCounts = {
  customers: number
  bytes: number
  evictions: number
  /** Checks: decided from memory, and with parts read. */
  checks: Sources
  /** Customers of batches: with all usage in memory, and with parts read. */
  batches: Sources
  /** Committed batches, and those that had to lock because their state was stale. */
  commits: { readonly atOnce: number; readonly locked: number; readonly stale: number }
  versionReads: number
  versionQueries: number
}

type Sources = { readonly hits: number; readonly misses: number }

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
    name: 'bursar_stale_batches_total',
    help: 'Batches that locked their customers because the state in memory was not current.',
    of: ({ commits }) => commits.stale,
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

const BY_SOURCE: readonly { name: string; help: string; of: (counts: EngineCounts) => Sources }[] =
  [
    {
      name: 'bursar_checks_total',
      help: 'Checks answered from memory, and checks that read parts of a state from the database.',
      of: ({ checks }) => checks,
    },
    {
      name: 'bursar_batch_customers_total',
      help: 'Customers of batches whose usage was in memory, and those of whom parts were read.',
      of: ({ batches }) => batches,
    },
  ]

const COMMITS = {
  name: 'bursar_batches_total',
  help: 'Batches written with one statement from memory, and those that locked their customers first.',
}

/** The states of customers in memory, and how checks and batches use them. */
export function exposeEngine(registry: Registry, counts: () => EngineCounts): void {
  for (const { of, ...figure } of GAUGES) exposeGauge(registry, figure, () => of(counts()))
  for (const { of, ...figure } of COUNTERS) exposeCounter(registry, figure, () => of(counts()))
  for (const { of, ...figure } of BY_SOURCE)
    exposeCounter(registry, { ...figure, label: 'source' }, () => {
      const { hits, misses } = of(counts())
      return { memory: hits, database: misses }
    })
  exposeCounter(registry, { ...COMMITS, label: 'way' }, () => {
    const { atOnce, locked } = counts().commits
    return { at_once: atOnce, locked }
  })
}
