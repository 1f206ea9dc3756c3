import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../tidy/project.ts'

/**
 * The most that a build may weigh, in bytes. JavaScript and CSS are counted as gzip sends them,
 * fonts and the whole folder as they are.
 */
const MOST = {
  firstScripts: 220_000,
  laterScript: 60_000,
  styles: 20_000,
  fonts: 110_000,
  folder: 1_500_000,
}

/** Returns a line for each part of a build of the console that is too large. */
export function sizeProblems(folder: string = join(ROOT, 'console/dist')): string[] {
  const names = readdirSync(folder).toSorted()
  const bytes = (name: string) => readFileSync(join(folder, name))
  const sent = (name: string) => gzipSync(bytes(name), { level: 9 }).length
  const sum = (of: readonly string[], size: (name: string) => number) =>
    of.reduce((total, name) => total + size(name), 0)
  const ending = (end: string) => names.filter((name) => name.endsWith(end))
  const first = scriptsOfPage(folder)
  const sizes: [string, number, number][] = [
    ['the scripts of the first load', sum(first, sent), MOST.firstScripts],
    ['the styles', sum(ending('.css'), sent), MOST.styles],
    ['the fonts', sum(ending('.woff2'), (name) => bytes(name).length), MOST.fonts],
    ['the folder', sum(names, (name) => bytes(name).length), MOST.folder],
    ...ending('.js')
      .filter((name) => !first.includes(name))
      .map((name): [string, number, number] => [name, sent(name), MOST.laterScript]),
  ]
  return sizes
    .filter(([, size, most]) => size > most)
    .map(([what, size, most]) => `console/dist: ${what}: ${size} bytes, of at most ${most}`)
}

/** Returns the scripts of `index.html`, and what these import before they run. */
function scriptsOfPage(folder: string): string[] {
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name) || !existsSync(join(folder, name))) return
    found.add(name)
    const text = readFileSync(join(folder, name), 'utf8')
    for (const [, imported = ''] of text.matchAll(/(?:from|import) ?"\.\/([\w.-]+\.js)"/g))
      visit(imported)
  }
  for (const [, name = ''] of page.matchAll(/src="\.\/([\w.-]+\.js)"/g)) visit(name)
  return [...found]
}
