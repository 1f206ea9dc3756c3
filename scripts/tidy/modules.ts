import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { type File, isCode, isGenerated, isTest, lineAt, type Problem } from './project.ts'
import { viewsOf } from './views.ts'

const BASE = ['api.gen.ts', 'kernel', 'db', 'config.ts', 'app.ts', 'operation.ts']
const CATALOG = ['catalog', 'catalog/features', 'catalog/currencies']
const METERING = ['records', 'totals', 'dedup', 'reservations', 'rebuild', 'retention'].map(
  (room) => `metering/${room}`,
)
/** The modules that the engine brings together: what may be used, and how it is counted. */
const RULES = [
  ...['jobs', 'events', 'access', ...CATALOG, 'customers', 'metering', ...METERING, 'entities'],
  ...['entitlements', 'budgets'],
]

/**
 * The allowed imports. A room of `src` is a folder, a subfolder that is listed here, or a file
 * directly in `src`. A room may import only the listed rooms, which are above it in this table, and
 * only through their `index.ts`. A room within a module may also import the files directly in the
 * module.
 *
 * `http` is independent of the domain: it imports no domain module, and no domain module imports
 * it. `handlers.ts` collects the operations of all modules. `main.ts` composes everything. Nothing
 * imports `cli`.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'api.gen.ts': [],
  'version.ts': [],
  kernel: ['api.gen.ts'],
  db: ['kernel'],
  'embedded-postgres': [],
  backup: ['kernel', 'db'],
  'config.ts': ['kernel'],
  'app.ts': ['kernel', 'db', 'config.ts'],
  'operation.ts': ['kernel', 'api.gen.ts', 'app.ts'],
  'log.ts': ['kernel', 'app.ts', 'config.ts'],
  'state-tokens': BASE,
  jobs: BASE,
  events: [...BASE, 'jobs'],
  tasks: [...BASE, 'jobs', 'events'],
  idempotency: [...BASE, 'jobs'],
  access: [...BASE, 'jobs', 'events', 'version.ts'],
  catalog: [...BASE, 'jobs', 'events'],
  'catalog/features': [...BASE, 'jobs', 'events', 'catalog'],
  'catalog/currencies': [...BASE, 'jobs', 'events', 'catalog'],
  'catalog/packages': [...BASE, 'events', 'tasks', ...CATALOG],
  'catalog/products': [...BASE, 'catalog', 'catalog/packages'],
  'catalog/document': [...BASE, ...CATALOG, 'catalog/packages', 'catalog/products'],
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
  entitlements: [
    ...[...BASE, 'jobs', 'events', ...CATALOG, 'catalog/packages', 'customers', 'metering'],
    ...METERING,
  ],
  subscriptions: [
    ...[...BASE, 'jobs', 'events', 'tasks', ...CATALOG, 'catalog/packages', 'catalog/products'],
    ...['customers', 'entitlements'],
  ],
  promotional: [...BASE, 'jobs', 'events', ...CATALOG, 'customers', ...METERING, 'entitlements'],
  budgets: [
    ...[...BASE, 'jobs', 'events', ...CATALOG, 'customers', 'metering', ...METERING, 'entities'],
  ],
  'budgets/standings': [...BASE, 'catalog/features', ...METERING, 'budgets'],
  'budgets/entity-tree': [...BASE, 'customers', 'entities', 'budgets', 'budgets/standings'],
  'budgets/history': [...BASE, ...CATALOG, 'customers', 'events', 'metering', 'budgets'],
  'budgets/ranking': [...BASE, 'jobs', 'customers', 'budgets', 'budgets/standings'],
  decisions: [...BASE, 'jobs', 'customers', 'budgets'],
  reporting: [...BASE, 'decisions', 'customers', 'metering', 'catalog/features'],
  search: [...BASE, ...CATALOG, 'catalog/packages', 'catalog/products', 'customers', 'entities'],
  engine: [...BASE, ...RULES],
  'engine/participants': [...BASE, ...RULES, 'engine'],
  'engine/cache': [...BASE, ...RULES, 'engine', 'engine/participants'],
  'engine/state': [...BASE, ...RULES, 'engine', 'engine/participants'],
  'engine/record': [...BASE, ...RULES, 'engine', 'engine/cache'],
  'engine/check': [...BASE, ...RULES, 'engine', 'engine/participants', 'engine/cache'],
  'engine/consume': [
    ...[...BASE, ...RULES, 'engine', 'engine/participants', 'engine/state', 'engine/record'],
  ],
  'engine/reservations': [
    ...[...BASE, ...RULES, 'engine', 'engine/participants', 'engine/cache', 'engine/state'],
    ...['engine/record', 'engine/consume'],
  ],
  'engine/batch': [
    ...[...BASE, ...RULES, 'engine', 'engine/cache', 'engine/state', 'engine/record'],
    ...['engine/consume', 'engine/reservations'],
  ],
  'engine/history': [...BASE, ...RULES, 'engine'],
  'engine/verify': [...BASE, ...RULES, 'engine', 'engine/participants'],
  'engine/http': [
    ...[...BASE, ...RULES, 'engine', 'engine/participants', 'engine/cache', 'engine/check'],
    ...['engine/consume', 'engine/reservations', 'engine/batch', 'engine/history', 'decisions'],
  ],
  http: [...BASE, 'jobs', 'events', 'access', 'idempotency', 'state-tokens'],
  console: ['kernel', 'http'],
  'sources.ts': ['entitlements', 'promotional', 'subscriptions'],
  'handlers.ts': [
    ...['operation.ts', 'access', 'audit', ...CATALOG, 'catalog/packages', 'catalog/products'],
    ...['catalog/document', 'customers', 'entities', 'entitlements'],
    ...['promotional', 'subscriptions', 'tasks', 'budgets', 'budgets/entity-tree'],
    ...['budgets/history', 'budgets/ranking'],
    ...['decisions', 'engine', 'engine/http', 'engine/reservations', 'reporting', 'search'],
    'sources.ts',
  ],
  'main.ts': [
    ...[...BASE, ...RULES, 'promotional', 'subscriptions', 'tasks', 'idempotency'],
    ...[
      'state-tokens',
      'http',
      'budgets/ranking',
      'embedded-postgres',
      'decisions',
      'console',
      'sources.ts',
    ],
    ...['handlers.ts', 'log.ts', 'version.ts'],
  ],
  cli: [
    ...[...BASE, ...RULES, 'promotional', 'subscriptions', 'idempotency', 'http'],
    ...['embedded-postgres', 'backup'],
    ...['engine', 'engine/verify', 'sources.ts', 'handlers.ts', 'log.ts', 'main.ts'],
    ...['catalog/document', 'version.ts'],
  ],
}

/** All rooms use the kernel, so its files are imported directly. */
const WITHOUT_INDEX = 'kernel'
/** Packages that the kernel wraps. */
const KERNEL_PACKAGES = ['lru-cache']
/** Not a module: nothing imports it. */
const WITHOUT_README = ['cli']
/** The sections of a module's README, in this order. */
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
      // An import within a string is no import. In `code`, strings are blank.
      .filter((match) => /\b(import|export)\b/.test(code.slice(match.index, match.index + 40)))
      .map(([whole, clause = '', from = ''], index, all) => {
        const position = all[index]?.index ?? 0
        const line = lineAt(text, position + whole.search(/\S/))
        return { from, line, typeOnly: /^\s*type\b(?!\s*,)/.test(clause) }
      }),
  )
}

/** Longer names first, so that a room within a module is found before the module. */
const ROOMS_OF_SRC = Object.keys(MAY_IMPORT).toSorted((a, b) => b.length - a.length)

/** Returns the room of a file. In no room, returns the file itself or its folder. */
function partOf(path: string): string {
  const name = path.slice('src/'.length)
  return (
    ROOMS_OF_SRC.find((room) => name === room || name.startsWith(`${room}/`)) ??
    name.split('/')[0] ??
    ''
  )
}

/** Returns whether a room is within another one, whose files it may import. */
const isWithin = (part: string, other: string): boolean => part.startsWith(`${other}/`)

/** Returns imports that are not in `MAY_IMPORT`, or that import tests or development packages. */
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

/** Returns folders of `src` that are not in the table, and modules without a complete README. */
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
