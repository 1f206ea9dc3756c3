import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../tidy/project.ts'

/** What goes into a build. Types of the server leave no trace in it. */
const FOLDER = join(ROOT, 'console')
const OUTPUTS = new Set(['dist', 'node_modules'])
/** Written into the build, so that a stale one is found without building. */
export const STATEMENT = 'build.json'

/** Returns the text of `build.json` for the sources as they are. */
export function statementText(folder: string = FOLDER): string {
  const hash = createHash('sha256')
  for (const path of inputsOf(folder)) {
    const content = readFileSync(join(folder, path))
    hash.update(`${path}\0${content.length}\0`).update(content)
  }
  return `${JSON.stringify({ inputs: hash.digest('hex') }, null, 2)}\n`
}

/** Returns the paths of all files that go into a build, sorted. */
export function inputsOf(folder: string): string[] {
  const visit = (path: string): string[] =>
    readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
      const own = path === '' ? entry.name : `${path}/${entry.name}`
      if (path === '' && OUTPUTS.has(entry.name)) return []
      if (entry.isDirectory()) return visit(own)
      return entry.name.endsWith('.test.ts') || entry.name.endsWith('.tmp') ? [] : [own]
    })
  return visit('').toSorted((a, b) => (a < b ? -1 : 1))
}

/** Returns a problem if `console/dist` was not built from the sources as they are. */
export function buildProblems(folder: string = FOLDER): string[] {
  const stated = readFileSync(join(folder, 'dist', STATEMENT), 'utf8')
  if (stated === statementText(folder)) return []
  return ['console/dist is not built from console/ as it is: run npm run console']
}
