import { badInput } from './errors.ts'

type NamedValue<T> = { name: string; value: T | undefined }

/**
 * The value of a field that has a name in either era of the contract. A request may use either
 * name, or both with one value; two different values are 400.
 */
export function coalesceRenamedField<T extends string>(
  newer: NamedValue<T>,
  older: NamedValue<T>,
  where: string,
): T | undefined {
  if (newer.value !== undefined && older.value !== undefined && newer.value !== older.value)
    throw badInput(`${where}: ${newer.name} and ${older.name} differ; send one of them`)
  return newer.value ?? older.value
}
