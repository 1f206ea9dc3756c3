import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBursar } from '../../src/cli/run.ts'
import type { Connection } from '../../src/db/index.ts'
import { databaseUrl } from '../../src/embedded-postgres/index.ts'
import { SECRET_KEY, testConnection } from './connection.ts'
import { within } from './deadline.ts'
import { openTerminal } from './terminal.ts'

export type ExitResult = { code: number | null; stdout: string; stderr: string }

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_COMPILE_CACHE']

/** An empty directory in which all commands of a process run. It is removed at the end. */
export const workDir = mkdtempSync(join(tmpdir(), 'bursar-cli-'))

/** Returns the `DATABASE_URL` of a connection. */
export const urlOf = (connection: Connection): string =>
  'connectionString' in connection ? connection.connectionString : databaseUrl(connection)

const running = new Set<ChildProcess>()
// A process can run several test files: `after` would come at the end of the first one.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(workDir, { recursive: true, force: true })
})

/** A running process of the CLI. It is killed when this process ends. */
export type CliProcess = {
  /** Waits until its output matches. */
  printed(pattern: RegExp): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Closes its standard output. */
  leave(): void
  end: Promise<ExitResult>
}

/** Starts the CLI as a process. It gets none of the settings of this process. */
export function startCli(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): CliProcess {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: workDir,
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  const ended: ExitResult = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text
  })
  const end = new Promise<ExitResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...ended, code }))
  })
  const name = `bursar ${args.join(' ')}`
  const seen = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(ended.stdout)) resolve()
      }
      child.stdout.on('data', look)
      child.once('close', () => reject(new Error(`${name} ended: ${ended.stdout}${ended.stderr}`)))
      look()
    })
  return {
    printed: (pattern) => within(`${pattern} of ${name}`, seen(pattern)),
    kill: (signal) => child.kill(signal),
    leave: () => void child.stdout.destroy(),
    end: within(name, end),
  }
}

/** Runs the CLI as a process to its end, for tests of what only a process has. */
export const runCliProcess = (
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<ExitResult> => startCli(args, settings).end

/**
 * Runs the CLI to its end in this process, on a terminal of its own. Several can run at the same
 * time. Starting a process costs a second of processor time, which most tests need not spend.
 */
export async function runCli(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<ExitResult> {
  const name = `bursar ${args.join(' ')}`
  const { terminal, written, heldCount } = openTerminal({ argv: args, env: settings, cwd: workDir })
  const code = await within(name, runBursar(terminal))
  assert.equal(heldCount(), 0, `${name} has ended and still listens to signals`)
  return { code, ...written() }
}

/** Like `runCli`, on the database of this run. The command must succeed. */
export async function bursar(...args: string[]): Promise<ExitResult> {
  const settings = { DATABASE_URL: urlOf(testConnection()), BURSAR_SECRET_KEY: SECRET_KEY }
  const ended = await runCli(args, settings)
  assert.equal(ended.code, 0, `bursar ${args.join(' ')}: ${ended.stderr}`)
  return ended
}
