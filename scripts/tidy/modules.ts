import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { type File, isCode, isGenerated, isTest, lineAt, type Problem } from './project.ts'
import { viewsOf } from './views.ts'

const BASE = ['api.gen.ts', 'kernel', 'db', 'config.ts', 'app.ts', 'operation.ts']
const CATALOG = ['catalog', 'catalog/features', 'catalog/currencies']
const METERING = ['records', 'totals', 'dedup', 'reservations', 'rebuild', 'retention'].map(
  (room) => `metering/${room}`,
)
/** What may be granted, counted and limited: all that the engine brings together. */
const RULES = [
  ...['jobs', 'events', 'access', ...CATALOG, 'customers', 'metering', ...METERING, 'entities'],
  ...['entitlements', 'budgets'],
]

/**
 * Who may import whom. A room of `src` is a folder, a folder within it that is named here, or a
 * file that lies directly in `src`. Each imports rooms that stand above it in this table, through
 * their `index.ts`, and nothing else. A room within a module also shares the files that lie
 * directly in the module.
 *
 * `http` carries the domain without knowing it: it imports no domain module, and no domain module
 * imports it. `handlers.ts` brings the operations of all modules together, `main.ts` composes
 * everything, and `cli` is the way in, which nobody imports.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'api.gen.ts': [],
  kernel: ['api.gen.ts'],
  db: ['kernel'],
  'embedded-postgres': [],
  backup: ['kernel', 'db'],
  'config.ts': ['kernel'],
  'app.ts': ['kernel', 'db', 'config.ts'],
  'operation.ts': ['kernel', 'api.gen.ts', 'app.ts'],
  'log.ts': ['kernel', 'app.ts', 'config.ts'],
  jobs: BASE,
  events: [...BASE, 'jobs'],
  idempotency: [...BASE, 'jobs'],
  access: [...BASE, 'jobs', 'events'],
  catalog: [...BASE, 'jobs', 'events'],
  'catalog/features': [...BASE, 'jobs', 'events', 'catalog'],
  'catalog/currencies': [...BASE, 'jobs', 'events', 'catalog'],
  customers: [...BASE, 'jobs', 'events'],
  audit: [...BASE, 'events', 'customers'],
  metering: BASE,
  'metering/records': [...BASE, 'catalog/features', 'metering'],
  'metering/totals': [...BASE, 'metering'],
  'metering/dedup': [...BASE, 'metering'],
  'metering/reservations': [...BASE, 'metering'],
  'metering/rebuild': [...BASE, 'customers', 'metering', 'metering/totals', 'metering/dedup'],
  'metering/retention': [
    ...[...BASE, 'jobs', 'customers', 'metering', 'metering/records', 'metering/dedup'],
  ],
  entities: [...BASE, 'jobs', 'events', 'customers'],
  entitlements: [...BASE, 'jobs', 'events', ...CATALOG, 'customers', 'metering', ...METERING],
  promotional: [...BASE, 'jobs', 'events', ...CATALOG, 'customers', ...METERING, 'entitlements'],
  budgets: [
    ...[...BASE, 'jobs', 'events', ...CATALOG, 'customers', 'metering', ...METERING, 'entities'],
  ],
  engine: [...BASE, ...RULES],
  'engine/cache': [...BASE, ...RULES, 'engine'],
  'engine/state': [...BASE, ...RULES, 'engine'],
  'engine/record': [...BASE, ...RULES, 'engine', 'engine/cache'],
  'engine/check': [...BASE, ...RULES, 'engine', 'engine/cache'],
  'engine/consume': [
    ...[...BASE, ...RULES, 'engine', 'engine/state', 'engine/record', 'engine/check'],
  ],
  'engine/reservations': [
    ...[...BASE, ...RULES, 'engine', 'engine/cache', 'engine/state', 'engine/record'],
    ...['engine/check', 'engine/consume'],
  ],
  'engine/batch': [
    ...[...BASE, ...RULES, 'engine', 'engine/cache', 'engine/state', 'engine/record'],
    ...['engine/consume', 'engine/reservations'],
  ],
  'engine/history': [...BASE, ...RULES, 'engine'],
  'engine/http': [
    ...[...BASE, ...RULES, 'engine', 'engine/cache', 'engine/check', 'engine/consume'],
    ...['engine/reservations', 'engine/batch', 'engine/history'],
  ],
  http: [...BASE, 'jobs', 'events', 'access', 'idempotency'],
  'sources.ts': ['entitlements', 'promotional'],
  'handlers.ts': [
    ...['operation.ts', 'access', 'audit', ...CATALOG, 'customers', 'entities', 'entitlements'],
    ...['promotional', 'budgets', 'engine', 'engine/http', 'engine/reservations', 'sources.ts'],
  ],
  'main.ts': [
    ...[...BASE, ...RULES, 'promotional', 'idempotency', 'http', 'embedded-postgres'],
    ...['sources.ts', 'handlers.ts', 'log.ts'],
  ],
  cli: [
    ...[...BASE, ...RULES, 'promotional', 'idempotency', 'http', 'embedded-postgres', 'backup'],
    ...['engine', 'sources.ts', 'handlers.ts', 'log.ts', 'main.ts'],
  ],
}

/** Words that everybody uses have no door: its files are imported one by one. */
const WITHOUT_INDEX = 'kernel'
/** Packages that the kernel wraps. */
const KERNEL_PACKAGES = ['lru-cache']
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

/** Longer names first: a room within a module is found before its module. */
const ROOMS_OF_SRC = Object.keys(MAY_IMPORT).toSorted((a, b) => b.length - a.length)

/** The room that a file lies in, or the file itself, or a folder that is in no room. */
function partOf(path: string): string {
  const name = path.slice('src/'.length)
  return (
    ROOMS_OF_SRC.find((room) => name === room || name.startsWith(`${room}/`)) ??
    name.split('/')[0] ??
    ''
  )
}

/** A folder within another room, whose words it shares. */
const isWithin = (part: string, other: string): boolean => part.startsWith(`${other}/`)

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
  if (isWithin(part, targetPart)) return null
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
  if (part === 'kernel' && !KERNEL_PACKAGES.includes(name)) return `kernel may not import ${name}`
  return dependencies.includes(name) ? null : `${name} is no dependency of package.json`
}

/** Every folder of `src` is in the table, and every module has its README with all its rooms. */
export function moduleProblems(files: readonly File[]): Problem[] {
  const parts = [...new Set(files.filter(isInSrc).map(({ path }) => partOf(path)))]
  return parts.flatMap((part) => {
    const path = `src/${part}`
    if (part.endsWith('.test.ts')) return []
    if (!(part in MAY_IMPORT)) return [{ path, what: 'is not in the module graph' }]
    if (part.endsWith('.ts') || part.includes('/') || WITHOUT_README.includes(part)) return []
    const readme = files.find((file) => file.path === `${path}/README.md`)
    return readme === undefined ? [{ path, what: 'has no README.md' }] : roomProblems(readme)
  })
}

const isInSrc = ({ path }: File): boolean => path.startsWith('src/')

function roomProblems(readme: File): Problem[] {
  const found = [...readme.text.matchAll(/^(?:\*\*|## )(\w+)/gm)].map((match) => match[1])
  const rooms = found.filter((word) => word !== undefined && ROOMS.includes(word))
  return rooms.join() === ROOMS.join()
    ? []
    : [{ path: readme.path, what: `must tell ${ROOMS.join(', ')}; it tells ${rooms.join(', ')}` }]
}
