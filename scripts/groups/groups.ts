import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/**
 * Files that run in a process of their own: those that measure its memory or set its flags, those
 * with a browser, which a module opens once and closes at the end of a file, and those that say so
 * in a comment.
 */
const ALONE = new RegExp(
  [
    '^// Runs in a process of its own: \\w',
    'process\\.memoryUsage|setFlagsFromString',
    'startChromium|open-console\\.ts',
  ].join('|'),
  'm',
)
/** How many files a process runs at most. What a file has loaded stays in memory until the end. */
const GROUP_FILES = 16
/** With these options, files run in processes of their own: in a group, tests have longer names. */
const OF_ONE_FILE = /^--(test-(name-pattern|skip-pattern|only)|watch|inspect)/

export type SourceFile = { readonly path: string; readonly text: string }

export type Places = {
  readonly root: string
  /** The patterns that count if the arguments name no file. */
  readonly patterns: readonly string[]
  /** What these patterns leave out. */
  readonly exclude: readonly string[]
  /** Where the files that run the groups are written. */
  readonly folder: string
}

/**
 * Returns arguments for the test runner: options, files that `args` names by their paths, and for
 * the files of patterns one file per group. A group of one file is that file.
 */
export function argumentsOf(args: readonly string[], from: Places): string[] {
  const { root, folder } = from
  const isName = (arg: string) => !arg.startsWith('-')
  const isPattern = (arg: string) => isName(arg) && /[*?[{]/.test(arg)
  const found = args.some(isName)
    ? args.filter(isPattern).flatMap((pattern) => globSync(pattern, { cwd: root }))
    : from.patterns.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: from.exclude }))
  const paths = [...new Set(found)].filter((path) => path.endsWith('.test.ts')).sort()
  const others = args.filter((arg) => !isPattern(arg))
  if (args.some((arg) => OF_ONE_FILE.test(arg))) return [...others, ...paths]
  const files = paths.map((path) => ({ path, text: readFileSync(resolve(root, path), 'utf8') }))
  const groups = groupsOf(files)
  const single = groups.filter(({ length }) => length === 1).flat()
  const shared = groups.filter(({ length }) => length > 1)
  const entries = shared.map((group, index) => writeEntry(group, { folder, index }))
  return [...others, ...entries, ...single]
}

/**
 * Divides files into groups that have about the same work to do, by the sizes of the files. The
 * files that run alone come first, then the groups, the one with the most work first. Always the
 * same for the same files, so that a failure which depends on the group can be repeated.
 */
export function groupsOf(files: readonly SourceFile[]): string[][] {
  const mostFirst = files.toSorted((left, right) => workOf(right) - workOf(left))
  const alone = mostFirst.filter(({ text }) => ALONE.test(text))
  const together = mostFirst.filter(({ text }) => !ALONE.test(text))
  const groups = Array.from({ length: Math.ceil(together.length / GROUP_FILES) }, () => ({
    paths: [] as string[],
    work: 0,
  }))
  for (const file of together) {
    const open = groups.filter(({ paths }) => paths.length < GROUP_FILES)
    const least = open.reduce((one, other) => (other.work < one.work ? other : one))
    least.paths.push(file.path)
    least.work += workOf(file)
  }
  const longestFirst = groups.toSorted((left, right) => right.work - left.work)
  return [...alone.map(({ path }) => [path]), ...longestFirst.map(({ paths }) => paths)]
}

/** Whether a file makes a test for each operation of the API. */
const testsEachOperation = (text: string): boolean =>
  /\b(contract\.operations|operationIds)\b/.test(text) && /^for \(/m.test(text)

/**
 * Files in `test` start processes, so a line of them stands for more. Those that make a test for
 * each operation take about 10 ms of processor time per character.
 */
function workOf({ path, text }: SourceFile): number {
  if (!path.startsWith('test/')) return text.length
  return text.length * (testsEachOperation(text) ? 40 : 4)
}

/** Writes the file with which the test runner runs a group. Its names sort like the groups. */
function writeEntry(paths: string[], at: { folder: string; index: number }): string {
  const entry = join(at.folder, `group-${String(at.index + 1).padStart(3, '0')}.mjs`)
  const runner = new URL('run-files.ts', import.meta.url).href
  const [from, files] = [JSON.stringify(runner), JSON.stringify(paths)]
  writeFileSync(entry, `import { runFiles } from ${from}\nawait runFiles(${files})\n`)
  return entry
}
