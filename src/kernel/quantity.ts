import { assert } from './assert.ts'
import { badInput } from './errors.ts'

/**
 * An exact amount of usage, of a limit or of credits: a whole number of 10⁻¹⁰. Sums, differences
 * and comparisons are the operators of bigint; a multiple is `quantity * BigInt(times)`.
 */
export type Quantity = bigint

/** Decimals that a quantity has, here and in every column (`numeric(30,10)`). */
const DECIMALS = 10
/** Digits before the point that a column has room for. */
const WHOLE_DIGITS = 20
/** Every decimal of so many significant digits survives the way through a JSON number. */
const SIGNIFICANT_DIGITS = 15

const ONE: Quantity = 10n ** BigInt(DECIMALS)

/** So many whole units. */
export const wholeUnits = (count: number): Quantity => BigInt(count) * ONE

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

/**
 * Reads a finite JSON number as the decimal that it was written as: the shortest one that means
 * the same double. Whole numbers up to 2^53 − 1 always pass; others may have 15 significant digits,
 * 10 decimals, and must be below 10^20 in size. 400 `BadUserInput` beyond, naming `field`.
 */
export function quantityFromWire(value: number, field: string): Quantity {
  if (Number.isSafeInteger(value)) return wholeUnits(value)
  const [, sign, whole = '', fraction = '', power = '0'] = NUMBER.exec(String(value)) ?? []
  assert(sign !== undefined, `not a finite number: ${value}`)
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const exponent = Number(power) - fraction.length + (digits.length - significant.length)
  if (significant.length > SIGNIFICANT_DIGITS)
    throw badInput(`${field}: at most ${SIGNIFICANT_DIGITS} significant digits`)
  if (exponent < -DECIMALS) throw badInput(`${field}: at most ${DECIMALS} decimals`)
  if (significant.length + exponent > WHOLE_DIGITS)
    throw badInput(`${field}: at most ${WHOLE_DIGITS} digits before the point`)
  const size = BigInt(significant) * 10n ** BigInt(exponent + DECIMALS)
  return sign === '-' ? -size : size
}

/** The JSON number nearest to a quantity: exact up to 15 significant digits. */
export const quantityToWire = (quantity: Quantity): number =>
  quantity % ONE === 0n ? Number(quantity / ONE) : Number(quantityToSql(quantity))

const SQL_NUMBER = /^(-?)(\d+)(?:\.(\d{1,10}))?$/

/** Reads the text of a `numeric` of at most 10 decimals. */
export function quantityFromSql(text: string): Quantity {
  const [, sign, whole = '', fraction = ''] = SQL_NUMBER.exec(text) ?? []
  assert(sign !== undefined, `not a quantity: ${text}`)
  const size = BigInt(whole + fraction.padEnd(DECIMALS, '0'))
  return sign === '-' ? -size : size
}

/** The exact decimal, for a parameter that the statement casts to `numeric`. */
export function quantityToSql(quantity: Quantity): string {
  const sign = quantity < 0n ? '-' : ''
  const size = quantity < 0n ? -quantity : quantity
  const fraction = String(size % ONE).padStart(DECIMALS, '0')
  return `${sign}${size / ONE}.${fraction}`
}
