import { consoleImportProblems, consoleTestProblems } from './console.ts'
import {
  linkProblems,
  namedFileProblems,
  quotedMessageProblems,
  servedPathProblems,
} from './documents.ts'
import { migrationProblems } from './migrations.ts'
import { importProblems, moduleProblems } from './modules.ts'
import type { File, Problem } from './project.ts'
import { lineProblems, skippedTestProblems, typeNameProblems } from './shape.ts'
import { clockProblems, leftOverProblems, machinePathProblems, sqlTimeProblems } from './words.ts'

export type Rule = (files: readonly File[]) => Problem[]

/** Returns the packages of an installation without development packages. */
function dependenciesOf(files: readonly File[]): string[] {
  const text = files.find(({ path }) => path === 'package.json')?.text ?? '{}'
  return Object.keys((JSON.parse(text) as { dependencies?: object }).dependencies ?? {})
}

/** The rules of the project, by the name with which a problem is printed. */
export const RULES: Readonly<Record<string, Rule>> = {
  'module graph': (files) => importProblems(files, dependenciesOf(files)),
  modules: moduleProblems,
  'imports of the console': consoleImportProblems,
  'tests of the console': consoleTestProblems,
  'names of types': typeNameProblems,
  'long lines': lineProblems,
  'skipped tests': skippedTestProblems,
  clock: clockProblems,
  'time in SQL': sqlTimeProblems,
  'left over': leftOverProblems,
  'machine paths': machinePathProblems,
  links: linkProblems,
  'named files': namedFileProblems,
  'quoted messages': quotedMessageProblems,
  'served paths': servedPathProblems,
  migrations: migrationProblems,
}

/** Returns a line for each violation of a rule. */
export function tidyProblems(files: readonly File[]): string[] {
  return Object.entries(RULES).flatMap(([name, rule]) =>
    rule(files).map(({ path, line, what }) => {
      const where = line === undefined ? path : `${path}:${line}`
      return `${where} (${name}): ${what}`
    }),
  )
}
