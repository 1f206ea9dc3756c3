import { badInput } from './errors.ts'
import type { Field } from './field.ts'

type NamedValue<T> = { name: string; value: T | undefined }

/**
 * Returns the value of a field that has one name in the older generation of the API and another in
 * the newer one. A request may use either name, or both with the same value. Two different values
 * are a 400 about `field`; its message begins with `where`.
 */
export function coalesceRenamedField<T extends string>(
  newer: NamedValue<T>,
  older: NamedValue<T>,
  { where, field }: { where: string; field: Field },
): T | undefined {
  if (newer.value !== undefined && older.value !== undefined && newer.value !== older.value)
    throw badInput(field, `${where}: ${newer.name} and ${older.name} differ; send one of them`)
  return newer.value ?? older.value
}
