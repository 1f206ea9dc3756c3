import assert from 'node:assert/strict'
import type { Terminal } from '../../src/cli/terminal.ts'

type CapturedTerminal = {
  readonly terminal: Terminal
  /** Returns the output so far. */
  written(): { stdout: string; stderr: string }
  /** Returns the number of listeners, for signals and the end of the bootstrap, that are left. */
  heldCount(): number
}

/**
 * Creates a terminal that shares nothing with this process. It gets no signals and has no byte
 * streams; tests of these start a process.
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
