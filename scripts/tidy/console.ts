import { dirname, join, normalize } from 'node:path'
import { type Import, importsOf } from './modules.ts'
import { type File, isCode, isGenerated, isTest, type Problem } from './project.ts'

const SOURCES = 'console/src/'
/** All that the console knows of the server: types, which leave no trace in what is built. */
const TYPES_OF_API = 'src/api.gen.ts'
const VIEW = /^console\/src\/views\/([^/]+)\//

/**
 * Returns imports of the console that lead out of it, or from one view into another. A view that
 * needs no other one can be added, changed and removed alone.
 */
export function consoleImportProblems(files: readonly File[]): Problem[] {
  const packages = packagesOf(files)
  return files
    .filter((file) => file.path.startsWith(SOURCES) && isCode(file))
    .filter((file) => !isTest(file) && !isGenerated(file))
    .flatMap(({ path, text }) =>
      importsOf(text).flatMap((each) => {
        const what = whyNot(path, each, packages)
        return what === null ? [] : [{ path, line: each.line, what }]
      }),
    )
}

function whyNot(path: string, { from, typeOnly }: Import, packages: readonly string[]) {
  if (!from.startsWith('.')) {
    return isFrom(from, packages) ? null : `${from} is no dependency of console/package.json`
  }
  const target = normalize(join(dirname(path), from))
  if (target === TYPES_OF_API) return typeOnly ? null : `only types may come from ${target}`
  if (!target.startsWith(SOURCES)) return `${target} is outside ${SOURCES}`
  const [own, other] = [VIEW.exec(path)?.[1], VIEW.exec(target)?.[1]]
  const isAnotherView = own !== undefined && other !== undefined && own !== other
  return isAnotherView ? `the view ${own} may not import the view ${other}` : null
}

/** Whether an import names one of the packages, or a part of one. */
const isFrom = (from: string, packages: readonly string[]): boolean =>
  packages.some((name) => from === name || from.startsWith(`${name}/`))

function packagesOf(files: readonly File[]): string[] {
  const text = files.find(({ path }) => path === 'console/package.json')?.text ?? '{}'
  return Object.keys((JSON.parse(text) as { dependencies?: object }).dependencies ?? {})
}

/**
 * Returns what keeps a test of the console from running in Node, where there is no markup and no
 * package of the console. It follows imports of values from the test to any depth.
 */
export function consoleTestProblems(files: readonly File[]): Problem[] {
  const packages = packagesOf(files)
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const problems: Problem[] = []
  const seen = new Set<string>()
  const visit = (path: string, test: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const { from, line, typeOnly } of importsOf(texts.get(path) ?? '')) {
      if (typeOnly) continue
      const target = from.startsWith('.') ? normalize(join(dirname(path), from)) : from
      const isOfBrowser = target.endsWith('.tsx') || isFrom(from, packages)
      if (isOfBrowser) problems.push({ path, line, what: `${test} would load ${target} in Node` })
      else if (target !== from) visit(target, test)
    }
  }
  const tests = files.filter((file) => file.path.startsWith(SOURCES) && isTest(file))
  for (const { path } of tests) visit(path, path)
  return problems
}
