/**
 * A table as lines: the first column to the left, the others to the right. A column that is empty
 * below its heading goes.
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
