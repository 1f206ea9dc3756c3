import type { FieldState } from './use-form.ts'

/** Returns how a list of rows is edited. A row has no identity but its place. */
export function rowEditor<Row extends object>(
  rows: readonly Row[],
  onChange: (rows: Row[]) => void,
) {
  const set = (at: number, part: Partial<Row>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)))
  return {
    set,
    add: (row: Row) => onChange([...rows, row]),
    remove: (at: number) => onChange(rows.filter((_, index) => index !== at)),
    /** Connects a field of a row that exists. `path` is where its value is in the request. */
    bind: <Name extends keyof Row & string>(
      at: number,
      name: Name,
      path: string,
    ): FieldState<Row[Name]> => ({
      name: path,
      value: (rows[at] as Row)[name],
      onChange: (value) => set(at, { [name]: value } as unknown as Partial<Row>),
    }),
  }
}
