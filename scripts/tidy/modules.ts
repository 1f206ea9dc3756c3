import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { type File, isCode, isGenerated, isTest, lineAt, type Problem } from './project.ts'
import { viewsOf } from './views.ts'

const BASE = ['contract.gen.ts', 'kernel', 'db', 'config.ts', 'app.ts', 'operation.ts']

/**
 * Who may import whom. A part of `src` is a folder, or a file that lies directly in it. Imports go
 * from the bottom of this table to its top, never back:
 *
 *     kernel ← db ← (config, app, operation) ← jobs ← access ← catalog ← customers ← metering ←
 *     {governance, entitlements} ← usage
 *
 * `audit` reads beside them. `http` carries the domain without knowing it: it imports no domain
 * module, and no domain module imports it.
 * `handlers.ts` brings the operations of all modules together, `main.ts` composes everything, and
 * `cli` is the way in, which nobody imports.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'contract.gen.ts': [],
  kernel: ['contract.gen.ts'],
  db: ['kernel'],
  'config.ts': ['kernel'],
  'app.ts': ['kernel', 'db', 'config.ts'],
  'operation.ts': ['kernel', 'contract.gen.ts', 'app.ts'],
  'log.ts': ['kernel', 'app.ts', 'config.ts'],
  jobs: BASE,
  access: [...BASE, 'jobs'],
  catalog: [...BASE, 'jobs'],
  customers: [...BASE, 'jobs', 'access'],
  metering: [...BASE, 'jobs', 'catalog', 'customers'],
  governance: [...BASE, 'jobs', 'access', 'catalog', 'customers', 'metering'],
  entitlements: [...BASE, 'jobs', 'access', 'catalog', 'customers', 'metering'],
  usage: [
    ...BASE,
    'jobs',
    'access',
    'catalog',
    'customers',
    'metering',
    'governance',
    'entitlements',
  ],
  audit: [...BASE, 'jobs', 'customers'],
  idempotency: [...BASE, 'jobs'],
  http: [...BASE, 'jobs', 'access', 'idempotency'],
  'sources.ts': ['entitlements'],
  'handlers.ts': [
    'operation.ts',
    'access',
    'audit',
    'catalog',
    'customers',
    'entitlements',
    'governance',
    'sources.ts',
    'usage',
  ],
  'main.ts': [
    ...BASE,
    'jobs',
    'idempotency',
    'access',
    'catalog',
    'customers',
    'entitlements',
    'governance',
    'http',
    'metering',
    'sources.ts',
    'handlers.ts',
    'log.ts',
  ],
  cli: [
    ...BASE,
    'jobs',
    'idempotency',
    'access',
    'catalog',
    'customers',
    'metering',
    'entitlements',
    'governance',
    'usage',
    'http',
    'sources.ts',
    'handlers.ts',
    'log.ts',
    'main.ts',
  ],
}

/** Words that everybody uses have no door: its files are imported one by one. */
const WITHOUT_INDEX = 'kernel'
/** A way in is no module: nothing in it is for others. */
const WITHOUT_README = ['cli']
/** What the README of a module tells, in this order. */
const ROOMS = ['Owns', 'Words', 'Invariants', 'Time', 'Boundaries']

export type Import = { from: string; line: number; typeOnly: boolean }

const IMPORTS = [
  /(?<=^|[\n;])[ \t]*(?:import|export)\b([^'"`;=]*?)\bfrom\s*['"]([^'"]+)['"]/g,
  /(?<=^|[\n;])[ \t]*import()\s*['"]([^'"]+)['"]/g,
  /\bimport()\(\s*['"]([^'"]+)['"]/g,
]

export function importsOf(text: string): Import[] {
  const { uncommented, code } = viewsOf(text)
  return IMPORTS.flatMap((pattern) =>
    [...uncommented.matchAll(pattern)]
      // What stands in a string is no import: there the keyword is missing from the code.
      .filter((match) => /\b(import|export)\b/.test(code.slice(match.index, match.index + 40)))
      .map(([whole, clause = '', from = ''], index, all) => {
        const position = all[index]?.index ?? 0
        const line = lineAt(text, position + whole.search(/\S/))
        return { from, line, typeOnly: /^\s*type\b(?!\s*,)/.test(clause) }
      }),
  )
}

const partOf = (path: string): string => path.split('/')[1] ?? ''

/** The module graph: one direction, through the index, nothing of the tests or of dev packages. */
export function importProblems(files: readonly File[], dependencies: readonly string[]): Problem[] {
  return files
    .filter((file) => file.path.startsWith('src/') && isCode(file) && !isTest(file))
    .filter((file) => !isGenerated(file))
    .flatMap((file) =>
      importsOf(file.text).flatMap((each) => {
        const what = whyNot(file.path, each, dependencies)
        return what === null ? [] : [{ path: file.path, line: each.line, what }]
      }),
    )
}

function whyNot(path: string, { from, typeOnly }: Import, dependencies: readonly string[]) {
  const part = partOf(path)
  if (!from.startsWith('.')) return whyNotPackage(part, from, dependencies)
  const target = normalize(join(dirname(path), from))
  if (!target.startsWith('src/')) return `${target} is outside src`
  const targetPart = partOf(target)
  if (targetPart === part) return null
  if (!MAY_IMPORT[part]?.includes(targetPart)) return `${part} may not import ${targetPart}`
  if (part === 'kernel' && !typeOnly) return `kernel may import types only of ${targetPart}`
  const isFile = targetPart.endsWith('.ts')
  if (isFile || targetPart === WITHOUT_INDEX || target.endsWith('/index.ts')) return null
  return `${target} is inside another module: import its index.ts`
}

function whyNotPackage(part: string, from: string, dependencies: readonly string[]) {
  const name = from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
  const isBuiltin = from.startsWith('node:') || builtinModules.includes(name)
  if (isBuiltin) return null
  if (part === 'kernel') return `kernel may import no package, not ${name}`
  return dependencies.includes(name) ? null : `${name} is no dependency of package.json`
}

/** Every folder of `src` is in the table, and every module has its README with all its rooms. */
export function moduleProblems(files: readonly File[]): Problem[] {
  const parts = [...new Set(files.filter(isInSrc).map(({ path }) => partOf(path)))]
  return parts.flatMap((part) => {
    const path = `src/${part}`
    if (part.endsWith('.test.ts')) return []
    if (!(part in MAY_IMPORT)) return [{ path, what: 'is not in the module graph' }]
    if (part.endsWith('.ts') || WITHOUT_README.includes(part)) return []
    const readme = files.find((file) => file.path === `${path}/README.md`)
    return readme === undefined ? [{ path, what: 'has no README.md' }] : roomProblems(readme)
  })
}

const isInSrc = ({ path }: File): boolean => path.startsWith('src/')

function roomProblems(readme: File): Problem[] {
  const found = [...readme.text.matchAll(/^\*\*(\w+)\.?\*\*/gm)].map((match) => match[1])
  const rooms = found.filter((word) => word !== undefined && ROOMS.includes(word))
  return rooms.join() === ROOMS.join()
    ? []
    : [{ path: readme.path, what: `must tell ${ROOMS.join(', ')}; it tells ${rooms.join(', ')}` }]
}
