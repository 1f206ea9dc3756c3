import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a line to a file that only its owner can read, atomically. `place` moves the temporary
 * file to its final name: `rename` replaces an existing file, `link` throws `EEXIST`.
 */
export async function writeOwnerFile(
  file: string,
  line: string,
  place: (written: string, file: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(`${line}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await place(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}
