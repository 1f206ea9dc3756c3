import { assert } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { LIFETIME } from '../kernel/period.ts'
import { type Quantity, quantityFromSql } from '../kernel/quantity.ts'

/** Converts the text of one column into a value. Throws for other text, which is our defect. */
export type Decode<T> = (raw: string | null) => T

const present = (raw: string | null): string => {
  assert(raw !== null, 'a column that is never null was null')
  return raw
}

export const text: Decode<string> = present
export const uuid: Decode<string> = present
export const boolean: Decode<boolean> = (raw) => present(raw) === 't'
export const bigint: Decode<bigint> = (raw) => BigInt(present(raw))

/** A whole number that a double represents exactly. */
export const integer: Decode<number> = (raw) => {
  const value = Number(present(raw))
  assert(Number.isSafeInteger(value), `not a safe integer: ${raw}`)
  return value
}

/**
 * A `timestamptz` from a session in UTC with ISO dates, as in `2026-11-29 15:04:05.678+00`. Bursar
 * stores whole milliseconds. A page has hundreds of them, and `Date.parse` takes three times as
 * long.
 */
export const instant: Decode<Instant> = (raw) => {
  const text = present(raw)
  assert(text[10] === ' ' && text.endsWith('+00'), `not an instant: ${raw}`)
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2) + 400
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)]
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)]
  const milliseconds = Number(text.slice(20, -3).padEnd(3, '0').slice(0, 3))
  const later = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  const value = later - YEARS_400_MS
  assert(Number.isInteger(value), `not an instant: ${raw}`)
  return value
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. The calendar repeats after 400 years. */
const YEARS_400_MS = 146_097 * 86_400_000
const ZERO = 48
const twoDigits = (text: string, at: number): number =>
  10 * (text.charCodeAt(at) - ZERO) + (text.charCodeAt(at + 1) - ZERO)

/** An end of a window. `-infinity` and `infinity` are the ends of `LIFETIME`. */
export const bound: Decode<Instant> = (raw) => {
  if (raw === '-infinity') return LIFETIME.start
  return raw === 'infinity' ? LIFETIME.end : instant(raw)
}

/** A `bytea` column. */
export const bytes: Decode<Buffer> = (raw) => Buffer.from(present(raw).slice(2), 'hex')

/** `numeric(30,10)`. */
export const quantity: Decode<Quantity> = (raw) => quantityFromSql(present(raw))

/** A `json` or `jsonb` column. Its shape is not checked: the statement determines it. */
export const json =
  <T>(): Decode<T> =>
  (raw) =>
    JSON.parse(present(raw)) as T

export const nullable =
  <T>(decode: Decode<T>): Decode<T | null> =>
  (raw) =>
    raw === null ? null : decode(raw)

/** A text column that contains one of the given words. */
export const oneOf =
  <const T extends string>(...words: readonly T[]): Decode<T> =>
  (raw) => {
    const word = words.find((candidate) => candidate === raw)
    assert(word !== undefined, `not one of ${words.join(', ')}: ${raw}`)
    return word
  }

export type RawRow = Readonly<Record<string, string | null>>
export type DecodeRow<T> = (raw: RawRow) => T

/** A field that is not decoded from the column of the same name. */
export type Field<T> =
  | { readonly column: string; readonly decode: Decode<T> }
  | { readonly decodeRow: DecodeRow<T> }

/** A field whose column has another name. */
export const from = <T>(column: string, decode: Decode<T>): Field<T> => ({ column, decode })

/** A field that is an object made of columns of the same row. */
export const group = <T>(decodeRow: DecodeRow<T>): Field<T> => ({ decodeRow })

/** Like `group`, but the field is null where `column` is null. */
export const optional = <T>(column: string, decodeRow: DecodeRow<T>): Field<T | null> => ({
  decodeRow: (raw) => (selected(raw, column) === null ? null : decodeRow(raw)),
})

/**
 * Returns a function that decodes rows into objects. The field `customerKey` is decoded from the
 * column `customer_key`, unless a `Field` says otherwise. A column that the statement does not
 * select is our defect.
 */
export function row<T extends Record<string, unknown>>(
  fields: {
    [K in keyof T]: Decode<T[K]> | Field<T[K]>
  },
): DecodeRow<T> {
  const columns: { field: string; column: string; decode: Decode<unknown> }[] = []
  const groups: { field: string; decodeRow: DecodeRow<unknown> }[] = []
  for (const [field, of] of Object.entries<Decode<unknown> | Field<unknown>>(fields))
    if (typeof of === 'function') columns.push({ field, column: snakeCase(field), decode: of })
    else if ('decode' in of) columns.push({ field, ...of })
    else groups.push({ field, ...of })
  return (raw) => {
    const decoded: Record<string, unknown> = {}
    for (const { field, column, decode } of columns) decoded[field] = decode(selected(raw, column))
    for (const { field, decodeRow } of groups) decoded[field] = decodeRow(raw)
    return decoded as T
  }
}

export const snakeCase = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function selected(raw: RawRow, column: string): string | null {
  const value = raw[column]
  assert(value !== undefined, `the statement selects no column ${column}`)
  return value
}

/** The type of the objects that a decoder returns. */
export type Row<D> = D extends DecodeRow<infer T> ? T : never
