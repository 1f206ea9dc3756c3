import assert from 'node:assert/strict'
import type { Terminal } from '../../src/cli/terminal.ts'

type CapturedTerminal = {
  readonly terminal: Terminal
  /** What was written so far. */
  written(): { stdout: string; stderr: string }
  /** How many listeners for signals and for the end of the bootstrap were not released. */
  heldCount(): number
}

/**
 * Makes a terminal that shares nothing with this process. No signal reaches it, and it has no
 * stream of bytes: a test of these starts a process.
 */
export function openTerminal({
  argv = [],
  env = {},
  cwd = '/',
}: Partial<Pick<Terminal, 'argv' | 'env' | 'cwd'>>): CapturedTerminal {
  const stdout: string[] = []
  const stderr: string[] = []
  const held = new Set<object>()
  const hold = (react: object) => {
    held.add(react)
    return () => void held.delete(react)
  }
  return {
    terminal: {
      argv,
      env,
      cwd,
      isTTY: false,
      screen: { write: (text) => stderr.push(text) },
      print: (line) => void stdout.push(`${line}\n`),
      note: (line) => void stderr.push(`${line}\n`),
      takeOutput: () => assert.fail('a stream of bytes needs a process'),
      onSignal: (react) => hold({ react }),
      onOrphan: (react) => hold({ react }),
      exit: (code) => assert.fail(`the command exits with ${code}`),
    },
    written: () => ({ stdout: stdout.join(''), stderr: stderr.join('') }),
    heldCount: () => held.size,
  }
}
