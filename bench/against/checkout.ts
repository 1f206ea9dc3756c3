import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The maximum size of a commit's files. */
const MAX_BYTES = 256 * 1024 * 1024

export type Checkout = { readonly root: string; readonly commit: string; remove(): void }

/** Unpacks a commit into its own folder and installs it. Throws the message of git or npm. */
export function checkOut(revision: string): Checkout {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: ROOT,
      maxBuffer: MAX_BYTES,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const commit = git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`)
    .toString()
    .trim()
  const root = mkdtempSync(join(tmpdir(), 'bursar-against-'))
  const remove = () => rmSync(root, { recursive: true, force: true })
  try {
    execFileSync('tar', ['-x', '-C', root], { input: git('archive', commit) })
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: root })
    return { root, commit, remove }
  } catch (error) {
    remove()
    throw error
  }
}
