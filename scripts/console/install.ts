import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Installs the packages of the console if they are not those of its lock file. */
export function installPackages(folder: string): void {
  const stamp = join(folder, 'node_modules', '.stamp')
  const lock = readFileSync(join(folder, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  process.stderr.write('installing the packages of the console…\n')
  runIn(folder, 'npm', ['ci', '--no-audit', '--no-fund'])
  writeFileSync(stamp, hash)
}

/** Runs a program to its end. Ends this process with its code if it fails. */
export function runIn(folder: string, program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: folder, stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}
