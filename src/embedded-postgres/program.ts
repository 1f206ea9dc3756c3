import { type ChildProcess, spawn } from 'node:child_process'
import type { DatabaseUser } from './user.ts'

/** How a program ended. `spawnCode` is set if it could not be started. */
export type ProgramExit = {
  code: number | null
  signal: string | null
  spawnCode?: string | undefined
}

/**
 * Starts a PostgreSQL program as the database's user. It has its own process group, so that Ctrl-C
 * in a terminal reaches only the server. It does not get the server's environment, which may
 * contain secrets. It runs in `/`, because it may not be able to enter the server's directory.
 */
export function startProgram(
  path: string,
  args: string[],
  options: { user: DatabaseUser; stdio: ('ignore' | 'pipe')[] },
): { child: ChildProcess; ended: Promise<ProgramExit> } {
  const { user } = options
  const child = spawn(path, args, {
    cwd: '/',
    detached: true,
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    stdio: options.stdio,
    ...(user.switched ? { uid: user.uid, gid: user.gid } : {}),
  })
  const ended = new Promise<ProgramExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: null, signal: null, spawnCode: error.code ?? 'UNKNOWN' })
    })
  })
  return { child, ended }
}

/**
 * Runs a program with `input` on stdin. Returns how it ended and the last 10,000 characters of its
 * stderr.
 */
export async function runProgram(
  path: string,
  args: string[],
  options: { user: DatabaseUser; input?: string },
): Promise<ProgramExit & { output: string }> {
  const { child, ended } = startProgram(path, args, {
    user: options.user,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-10_000)
  })
  // A program that ends early closes its stdin. `ended` reports that.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input ?? '')
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = await ended
  if (!end.spawnCode) await closed
  return { ...end, output }
}
