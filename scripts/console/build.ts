import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputsOf, STATEMENT, statementText } from './inputs.ts'
import { runIn } from './install.ts'

const vite = (folder: string) => join(folder, 'node_modules/vite/bin/vite.js')

/** Checks the types of the console. */
export function checkTypes(folder: string): void {
  runIn(folder, process.execPath, [join(folder, 'node_modules/typescript/bin/tsc'), '-p', '.'])
}

/** Builds the console into a folder, which then has nothing else in it. */
export function buildInto(folder: string, output: string, prefix: readonly string[] = []): void {
  const args = [vite(folder), 'build', '--outDir', output, '--emptyOutDir', '--logLevel', 'warn']
  const [program = process.execPath, ...all] = [...prefix, process.execPath, ...args]
  runIn(folder, program, all)
  writeFileSync(join(output, STATEMENT), statementText(folder))
}

/** Serves the sources, with a proxy to a server that runs. */
export function develop(folder: string, args: readonly string[]): void {
  runIn(folder, process.execPath, [vite(folder), ...args])
}

/**
 * Builds twice into temporary folders, the second time from a copy in another place and on one
 * processor. Returns how each differs from `console/dist`.
 */
export function verifyBuild(folder: string): string[] {
  const temporary = mkdtempSync(join(tmpdir(), 'bursar-console-'))
  try {
    const here = join(temporary, 'here')
    buildInto(folder, here)
    const there = join(temporary, 'there')
    const copy = copyOf(folder, join(temporary, 'copy', 'of', 'console'))
    buildInto(copy, there, ['taskset', '-c', '0'])
    const committed = join(folder, 'dist')
    return [
      ...differences(committed, here),
      ...differences(committed, there).map((each) => `built elsewhere: ${each}`),
    ]
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function copyOf(folder: string, copy: string): string {
  mkdirSync(copy, { recursive: true })
  for (const path of inputsOf(folder)) cpSync(join(folder, path), join(copy, path))
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Returns a line for each file that differs, is missing, or is one too many. */
export function differences(committed: string, fresh: string): string[] {
  const [old, now] = [committed, fresh].map((folder) => new Set(readdirSync(folder)))
  return [...new Set([...(old ?? []), ...(now ?? [])])].toSorted().flatMap((name) => {
    if (!now?.has(name)) return [`console/dist/${name} is one too many`]
    if (!old?.has(name)) return [`console/dist/${name} is missing`]
    const isSame = readFileSync(join(committed, name)).equals(readFileSync(join(fresh, name)))
    return isSame ? [] : [`console/dist/${name} is not what the sources make`]
  })
}
