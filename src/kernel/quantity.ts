import { assert } from './assert.ts'
import { badInput } from './errors.ts'
import type { Field } from './field.ts'

/**
 * An exact amount of usage, of a limit or of credits, as a whole number of 10⁻¹⁰. Add, subtract and
 * compare with the operators of bigint. A multiple is `quantity * BigInt(times)`.
 */
export type Quantity = bigint

/** Decimal places of a quantity, here and in every column (`numeric(30,10)`). */
const DECIMALS = 10
/** Digits before the decimal point that fit into a column. */
const WHOLE_DIGITS = 20
/**
 * A decimal with this many significant digits is the same after conversion to a JSON number and
 * back.
 */
const SIGNIFICANT_DIGITS = 15

const ONE: Quantity = 10n ** BigInt(DECIMALS)

/** Returns the quantity of a whole number of units. */
export const wholeUnits = (count: number): Quantity => BigInt(count) * ONE

/** The decimal notation of a JSON number: `digits` without zeros at either end. */
type Decimal = { sign: '' | '-'; digits: string; exponent: number }

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

/** Returns the shortest decimal that denotes the same double. */
function decimalOf(value: number): Decimal {
  const [, sign, whole = '', fraction = '', power = '0'] = NUMBER.exec(String(value)) ?? []
  assert(sign !== undefined, `not a finite number: ${value}`)
  const all = `${whole}${fraction}`.replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  const exponent = Number(power) - fraction.length + (all.length - digits.length)
  return { sign: sign === '-' ? '-' : '', digits, exponent }
}

const signed = ({ sign }: Decimal, size: bigint): Quantity => (sign === '-' ? -size : size)

/**
 * Returns the quantity of a finite JSON number, as the sender wrote it: the shortest decimal that
 * denotes the same double. Whole numbers up to 2^53 − 1 are always accepted. Other numbers may have
 * 15 significant digits and 10 decimal places, and must be below 10^20 in size. Otherwise 400
 * `BadUserInput`, naming `field`.
 */
export function quantityFromWire(value: number, field: Field): Quantity {
  if (Number.isSafeInteger(value)) return wholeUnits(value)
  const decimal = decimalOf(value)
  const { digits, exponent } = decimal
  if (digits.length > SIGNIFICANT_DIGITS)
    throw badInput(field, `${field} must have at most ${SIGNIFICANT_DIGITS} significant digits`)
  if (exponent < -DECIMALS) throw badInput(field, `${field} must have at most ${DECIMALS} decimals`)
  if (digits.length + exponent > WHOLE_DIGITS) throw tooLarge(field)
  return signed(decimal, BigInt(digits) * 10n ** BigInt(exponent + DECIMALS))
}

const tooLarge = (field: Field) =>
  badInput(field, `${field} must have at most ${WHOLE_DIGITS} digits before the point`)

/**
 * Returns the quantity of a finite JSON number that was computed, such as 0.1 + 0.2 or tokens times
 * a price. Rounds to 10 decimal places, halves to the even digit. 400 `BadUserInput` from 10^20 on,
 * naming `field`.
 */
export function amountFromWire(value: number, field: Field): Quantity {
  if (Number.isSafeInteger(value)) return wholeUnits(value)
  const decimal = decimalOf(value)
  if (decimal.digits.length + decimal.exponent > WHOLE_DIGITS) throw tooLarge(field)
  return signed(decimal, roundedSize(decimal))
}

/** Returns the absolute value in units of 10⁻¹⁰. */
function roundedSize({ digits, exponent }: Decimal): bigint {
  const shift = exponent + DECIMALS
  if (shift >= 0) return BigInt(digits) * 10n ** BigInt(shift)
  // Smaller than a tenth of 10⁻¹⁰. The exponent may be as low as −324.
  if (digits.length + shift < 0) return 0n
  const unit = 10n ** BigInt(-shift)
  const whole = BigInt(digits) / unit
  const twice = (BigInt(digits) % unit) * 2n
  const isUp = twice > unit || (twice === unit && whole % 2n === 1n)
  return isUp ? whole + 1n : whole
}

/** Returns the JSON number nearest to a quantity. It is exact up to 15 significant digits. */
export const quantityToWire = (quantity: Quantity): number =>
  quantity % ONE === 0n ? Number(quantity / ONE) : Number(quantityToSql(quantity))

const SQL_NUMBER = /^(-?)(\d+)(?:\.(\d{1,10}))?$/

/** Parses the text of a `numeric` with at most 10 decimal places. */
export function quantityFromSql(text: string): Quantity {
  const [, sign, whole = '', fraction = ''] = SQL_NUMBER.exec(text) ?? []
  assert(sign !== undefined, `not a quantity: ${text}`)
  const size = BigInt(whole + fraction.padEnd(DECIMALS, '0'))
  return sign === '-' ? -size : size
}

/** Returns the exact decimal, for a parameter that the statement casts to `numeric`. */
export function quantityToSql(quantity: Quantity): string {
  const sign = quantity < 0n ? '-' : ''
  const size = quantity < 0n ? -quantity : quantity
  const fraction = String(size % ONE).padStart(DECIMALS, '0')
  return `${sign}${size / ONE}.${fraction}`
}
