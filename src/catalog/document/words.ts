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
  return [lineOf({ field, before, after })]
}

/** Returns the changes of the members of an object. */
function partsOf(before: unknown, after: unknown): FieldChange[] {
  const [was, is] = [recordOf(before), recordOf(after)]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => was[name] !== is[name])
    .map((name) => ({ field: name, before: was[name], after: is[name] }))
}

const recordOf = (value: unknown) => (value ?? {}) as Readonly<Record<string, unknown>>

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
  return text.length > SHOWN_LIMIT ? `${text.slice(0, SHOWN_LIMIT)}…` : text
}
