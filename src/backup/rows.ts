const NEWLINE = 0x0a

/** Returns how many rows end in this part. A newline within a value is written as `\n`. */
export function countRows(part: Buffer): number {
  let count = 0
  for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) count += 1
  return count
}
