import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file of the project. Its path is relative to the root. */
export type File = { path: string; text: string }

/** A violation of a rule, and where it is. */
export type Problem = { path: string; line?: number; what: string }

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Folders that contain no sources: installed packages, generated files, and git's data. */
const OUTSIDE = new Set(['node_modules', '.git', '.bursar', 'coverage', 'dist', 'results'])
const TEXT_NAMES = 'run|LICENSE|\\.gitignore|\\.gitattributes'
const TEXT_ENDINGS = 'tsx?|mjs|js|css|html|json|md|sql|yml|yaml|sh|txt'
const TEXT = new RegExp(`(\\.(${TEXT_ENDINGS})|(^|/)(${TEXT_NAMES}))$`)

/** Returns all text files of the checkout, sorted by path. */
export function readProject(root: string = ROOT): File[] {
  const visit = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (OUTSIDE.has(entry.name)) return []
      if (entry.isDirectory()) return visit(path)
      return entry.isFile() && TEXT.test(path) && !path.endsWith('.tmp') ? [path] : []
    })
  return visit('')
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export const isCode = ({ path }: File): boolean => /\.(tsx?|mjs)$/.test(path)
export const isTest = ({ path }: File): boolean =>
  path.endsWith('.test.ts') || path.startsWith('test/')
/** Returns whether a program writes the file, so that the rules of style do not apply. */
export const isGenerated = ({ path }: File): boolean => /\.gen\.ts$/.test(path)

/** Returns the number of the line that contains a position. Lines count from 1. */
export const lineAt = (text: string, position: number): number =>
  text.slice(0, position).split('\n').length

/** Returns a problem for each match of a pattern in a view of the file. */
export function problemsAt(
  file: File,
  view: string,
  rule: { pattern: RegExp; what: string },
): Problem[] {
  return [...view.matchAll(rule.pattern)].map((match) => ({
    path: file.path,
    line: lineAt(view, match.index + match[0].search(/\S/)),
    what: `${rule.what}: ${match[0].trim()}`,
  }))
}
