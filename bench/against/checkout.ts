import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The most bytes of a commit's files. */
const MOST_BYTES = 256 * 1024 * 1024

export type Checkout = { readonly root: string; readonly commit: string; remove(): void }

/** The files of a commit in a folder of their own, installed. Throws what git or npm says. */
export function checkOut(revision: string): Checkout {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: ROOT,
      maxBuffer: MOST_BYTES,
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
