/**
 * Returns the lines of a table. The first column is aligned left, the others right. Columns that
 * are empty below their heading are omitted.
 */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.slice(1).every((row) => row[column] === '')
      ? 0
      : Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .flatMap((cell, column) => {
        const width = widths[column] ?? 0
        if (width === 0) return []
        return [column === 0 ? cell.padEnd(width) : cell.padStart(width)]
      })
      .join('  ')
      .trimEnd(),
  )
}
