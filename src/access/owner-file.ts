import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a line into a file for the owner's eyes alone, whole or not at all. `place` gives what is
 * written its name, as the last step: `rename` replaces what is there, `link` throws `EEXIST`.
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
