import { isDeepStrictEqual } from 'node:util'
import type { FieldChange } from './compare-catalogs.ts'

/** Longer values are cut in words, in characters. */
const SHOWN_LIMIT = 200

/** Returns lines that say what changes: `displayName: "Pro" → "Team"`. */
export const wordsOf = (fields: readonly FieldChange[]): string[] => fields.flatMap(wordsOfField)

function wordsOfField({ field, before, after }: FieldChange): string[] {
  if (field === 'metadata')
    return partsOf(before, after).map((part) =>
      lineOf({ ...part, field: `metadata.${part.field}` }),
    )
  if (field === 'entitlements') return linesOfEntitlements(listOf(before), listOf(after))
  return [lineOf({ field, before, after })]
}

type Row = Readonly<Record<string, unknown>>

const listOf = (value: unknown) => (value ?? []) as readonly Row[]

const nameOf = ({ type, id }: Row): string =>
  `${type === 'FEATURE' ? 'feature' : 'currency'} ${String(id)}`

/** What a package gives is named by its feature or currency, and then its own fields. */
function linesOfEntitlements(before: readonly Row[], after: readonly Row[]): string[] {
  const [known, wanted] = [before, after].map(
    (rows) => new Map(rows.map((row) => [nameOf(row), row])),
  ) as [Map<string, Row>, Map<string, Row>]
  const changed = [...wanted].flatMap(([name, row]) => {
    const was = known.get(name)
    if (was === undefined) return [`entitlement of ${name}: added${termsOf(row)}`]
    return partsOf(was, row).map((part) => `entitlement of ${name}: ${lineOf(part)}`)
  })
  const removed = [...known.keys()]
    .filter((name) => !wanted.has(name))
    .map((name) => `entitlement of ${name}: removed`)
  return [...changed, ...removed, ...lineOfOrder([...known.keys()], [...wanted.keys()])]
}

function termsOf({ id: _, type: __, ...terms }: Row): string {
  const lines = Object.entries(terms).map(([field, value]) => `${field}: ${shown(value)}`)
  return lines.length === 0 ? '' : `, ${cut(lines.join(', '))}`
}

/** A line if the order of what stays differs, or if something new is not the last. */
function lineOfOrder(before: readonly string[], after: readonly string[]): string[] {
  const staying = before.filter((name) => after.includes(name))
  const isSame = staying.every((name, index) => after[index] === name)
  return isSame ? [] : [lineOf({ field: 'order of entitlements', before, after })]
}

/** Returns the changes of the members of an object. */
function partsOf(before: unknown, after: unknown): FieldChange[] {
  const [was, is] = [recordOf(before), recordOf(after)]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => !isDeepStrictEqual(was[name], is[name]))
    .map((name) => ({ field: name, before: was[name], after: is[name] }))
}

const recordOf = (value: unknown) => (value ?? {}) as Row

const lineOf = ({ field, before, after }: FieldChange): string =>
  before === undefined
    ? `${field}: ${shown(after)}`
    : `${field}: ${shown(before)} → ${shown(after)}`

/** What has no value is at its default. */
function shown(value: unknown): string {
  const text =
    value === undefined
      ? 'default'
      : Array.isArray(value) && value.every((each) => typeof each === 'string')
        ? value.join(', ')
        : JSON.stringify(value)
  return cut(text)
}

const cut = (text: string): string =>
  text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text
