import { type Instant, instantToWire } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import { type Quantity, quantityToSql } from '../kernel/quantity.ts'

// Array literals of values that need no quotes, for columns of arrays: `unnest` would take arrays of
// arrays apart.

export const uuids = (keys: readonly Uuid[]): string => `{${keys.join(',')}}`
export const integers = (numbers: readonly number[]): string => `{${numbers.join(',')}}`
export const quantities = (amounts: readonly Quantity[]): string =>
  `{${amounts.map(quantityToSql).join(',')}}`
export const instants = (bounds: readonly Instant[]): string =>
  `{${bounds.map((bound) => `"${instantToWire(bound)}"`).join(',')}}`
