import assert from 'node:assert/strict'

export type Sample = {
  /** Includes the suffix of a part: `…_bucket`, `…_sum`, `…_count`. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export type Family = { readonly type: string; readonly help: string; readonly samples: Sample[] }

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\"n])*)"'
const HELP = new RegExp(`^# HELP (${NAME}) (.*)$`)
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL},?)*)\\})? (\\S+)$`)
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?inf|nan)$/i
const PARTS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Parses the text format of Prometheus (0.0.4). Fails for anything that the format does not allow:
 * lines of an unknown form, a family in two places, samples without a family, the same sample
 * twice, a histogram whose buckets do not add up.
 */
export function parsePrometheusText(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let name = ''
  let help: string | null = null
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const helped = HELP.exec(line)
    const typed = TYPE.exec(line)
    if (helped !== null) {
      name = helped[1] ?? ''
      help = helped[2] ?? ''
      assert.ok(!families.has(name), `${name} stands in two places`)
    } else if (typed !== null) {
      assert.ok(typed[1] === name && help !== null, `${line}: there is no help for it`)
      families.set(name, { type: typed[2] ?? '', help, samples: [] })
      help = null
    } else {
      const sample = sampleOf(line)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      assert.ok(!seen.has(key), `${line}: stands twice`)
      seen.add(key)
      addTo(name, families.get(name), sample)
    }
  }
  for (const [family, { type, samples }] of families)
    if (type === 'histogram') checkHistogram(family, samples)
  return families
}

function sampleOf(line: string): Sample {
  const match = SAMPLE.exec(line)
  assert.ok(match !== null, `${line}: is no sample`)
  const value = match.at(-1) ?? ''
  assert.match(value, VALUE, line)
  const labels = [...(match[2] ?? '').matchAll(new RegExp(LABEL, 'g'))].map(
    ([, label = '', escaped = '']) =>
      [label, escaped.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))] as const,
  )
  const number = /inf/i.test(value) ? Number.POSITIVE_INFINITY : Number(value)
  return { name: match[1] ?? '', labels: Object.fromEntries(labels), value: number }
}

function addTo(name: string, family: Family | undefined, sample: Sample): void {
  assert.ok(family !== undefined, `${sample.name} has no family`)
  const parts = PARTS[family.type] ?? ['']
  assert.ok(
    parts.some((part) => sample.name === name + part),
    `${sample.name} is not of ${name}`,
  )
  family.samples.push(sample)
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    series.set(key, [...(series.get(key) ?? []), sample])
  }
  for (const [key, own] of series) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) =>
      labels.le === '+Inf' ? Infinity : Number(labels.le),
    )
    const counts = buckets.map(({ value }) => value)
    const total = own.find((sample) => sample.name === `${name}_count`)?.value
    const ascending = (list: number[]) => list.every((each, at) => each >= (list[at - 1] ?? 0))
    assert.ok(ascending(bounds) && ascending(counts), `${name} ${key}: buckets are not in order`)
    assert.equal(bounds.at(-1), Infinity, `${name} ${key}: there is no last bucket`)
    assert.equal(counts.at(-1), total, `${name} ${key}: the last bucket is not the count`)
    assert.ok(
      own.some((sample) => sample.name === `${name}_sum`),
      `${name} ${key}: no sum`,
    )
  }
}
