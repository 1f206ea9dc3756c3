import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkContract } from './api/check.ts'
import { buildProblems } from './console/inputs.ts'
import { sizeProblems } from './console/sizes.ts'
import { readProject } from './tidy/project.ts'
import { tidyProblems } from './tidy/rules.ts'

/**
 * `npm run check`: all static checks of the project. All parts are run, even if earlier ones find
 * problems. The exit code is 1 if any part finds a problem.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Runs a program of `node_modules`. Returns its output if it fails. */
function program(path: string, args: readonly string[]): string[] {
  const run = spawnSync(process.execPath, [`${ROOT}node_modules/${path}`, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (run.status === 0) return []
  return [run.error?.message ?? `${run.stdout}${run.stderr}`.trim()]
}

const PARTS: Readonly<Record<string, () => string[] | Promise<string[]>>> = {
  'format and lint': () => program('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  types: () => program('typescript/bin/tsc', ['--pretty', 'false']),
  'what nobody uses': () => program('knip/bin/knip.js', ['--no-progress']),
  contract: checkContract,
  console: () => [...buildProblems(), ...sizeProblems()],
  tidy: () => tidyProblems(readProject()),
}

let failed = false
for (const [name, part] of Object.entries(PARTS)) {
  const problems = await part()
  process.stdout.write(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}\n`)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  failed ||= problems.length > 0
}
process.exitCode = failed ? 1 : 0
