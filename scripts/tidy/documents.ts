import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { type File, isCode, lineAt, type Problem, ROOT } from './project.ts'

const LINK = /\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]\n]+\]:\s*(\S+)/gm
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i

/** Returns links in documents to missing files or headings. */
export function linkProblems(files: readonly File[], exists = isThere): Problem[] {
  const documents = new Map(files.filter(isDocument).map((file) => [file.path, file]))
  return [...documents.values()].flatMap((file) => {
    const text = withoutCode(file.text)
    return [...text.matchAll(LINK)].flatMap((match) => {
      const target = match[1] ?? match[2] ?? ''
      const what = ELSEWHERE.test(target) ? null : whyBroken(file, target, { documents, exists })
      return what === null ? [] : [{ path: file.path, line: lineAt(text, match.index), what }]
    })
  })
}

const isDocument = ({ path }: File): boolean => path.endsWith('.md')
const isThere = (path: string): boolean => existsSync(join(ROOT, path))

type Project = { documents: ReadonlyMap<string, File>; exists: (path: string) => boolean }

function whyBroken(file: File, target: string, { documents, exists }: Project): string | null {
  const [link = '', anchor] = decodeURI(target).split('#')
  const path = link === '' ? file.path : normalize(join(dirname(file.path), link))
  if (path.startsWith('..')) return `${target} leads out of the project`
  const document = documents.get(path)
  if (document === undefined && !exists(path)) return `${target} is not there`
  if (anchor === undefined || document === undefined) return null
  return anchorsOf(document.text).has(anchor) ? null : `${target}: there is no such heading`
}

/** Returns the anchors that the usual renderers give to headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replaceAll(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const name = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    const same = [...anchors].filter((each) => each.replace(/-\d+$/, '') === name).length
    anchors.add(anchors.has(name) ? `${name}-${same}` : name)
  }
  return anchors
}

const CODE_FILE = /(?:[\w-]+\/)*\w[\w.-]*\.(?:tsx?|mjs|sql)/
const FROM_ROOT = /(?:api|bench|bin|console|demo|docs|migrations|scripts|src|test)\/[\w./-]*/
/** Matches a file of code, by its path or the end of its path, and other files by their path. */
const NAMED = new RegExp(`\`(${CODE_FILE.source}|${FROM_ROOT.source})\``, 'g')

/** Returns names of files and folders in documents that do not exist. */
export function namedFileProblems(files: readonly File[], exists = isThere): Problem[] {
  const isKnown = (name: string) =>
    exists(name) || files.some(({ path }) => path.endsWith(`/${name}`))
  return files.filter(isDocument).flatMap((file) => {
    const text = withoutFences(file.text)
    return [...text.matchAll(NAMED)]
      .filter(([, name = '']) => !isKnown(name))
      .map(({ 1: name, index }) => {
        return { path: file.path, line: lineAt(text, index), what: `${name} is not there` }
      })
  })
}

const TROUBLESHOOTING = /^## Troubleshooting\n([\s\S]*?)(?=^## |$(?![\s\S]))/m
/** Messages that do not come from Bursar. */
const FOREIGN_MESSAGES = ['listen EADDRINUSE: address already in use']

/** Returns messages in the table for operators that are not, word for word, in the code. */
export function quotedMessageProblems(files: readonly File[]): Problem[] {
  const messages = [...files.filter(isSource).map(({ text }) => joined(text)), ...FOREIGN_MESSAGES]
  const isSaid = (part: string) => messages.some((text) => text.includes(part))
  return files
    .filter(({ path }) => path === 'docs/OPERATING.md')
    .flatMap((file) => {
      const section = TROUBLESHOOTING.exec(file.text)
      const start = section === null ? 0 : section.index
      return [...(section?.[0] ?? '').matchAll(/^\| (.+?) +\|/gm)].flatMap((row) =>
        [...(row[1] ?? '').matchAll(/`([^`]+)`/g)]
          .filter(([, quoted = '']) => !partsOf(quoted).every(isSaid))
          .map(([, quoted]) => {
            const line = lineAt(file.text, start + row.index)
            return { path: file.path, line, what: `nothing says "${quoted}"` }
          }),
      )
    })
}

const isSource = (file: File): boolean => /^(src|bin)\//.test(file.path) && isCode(file)

/** Returns the parts of a quoted message between its gaps (`…`). */
const partsOf = (quoted: string): string[] =>
  quoted
    .split('…')
    .map((part) => part.trim())
    .filter((part) => part.length > 2)

/** Joins strings that continue on the next line, and replaces values in them by gaps. */
const joined = (text: string): string =>
  text.replaceAll(/['"`]\s*\+\s*['"`]/g, '').replaceAll(/\$\{[^}]*\}/g, '…')

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ')
const withoutFences = (text: string): string =>
  text.replaceAll(/^(\s*)(```|~~~)[\s\S]*?^\s*\2\s*$/gm, blank)
const withoutCode = (text: string): string => withoutFences(text).replaceAll(/`[^`\n]+`/g, blank)

const API_DOCUMENT = 'api/openapi.json'
/** Paths of the API are told by their first part below the version: `/api/v1/customers/{id}`. */
const API_PATH = /\/api\/v1(?:-beta)?\/([\w-]+)/g

/** Returns groups of paths that the API document has and the table of the README does not. */
export function servedPathProblems(files: readonly File[]): Problem[] {
  const textOf = (wanted: string) => files.find(({ path }) => path === wanted)?.text ?? ''
  const namesIn = (text: string) => [...text.matchAll(API_PATH)].map(([, name = '']) => name)
  const rows = textOf('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| `/api/'))
  const { paths = {} } = JSON.parse(textOf(API_DOCUMENT) || '{}') as { paths?: object }
  const known = new Set(namesIn(rows.join('\n')))
  const missing = new Set(namesIn(Object.keys(paths).join('\n')).filter((name) => !known.has(name)))
  return [...missing].map((name) => ({
    path: API_DOCUMENT,
    what: `the table of operations in README.md lacks /api/v1/${name}`,
  }))
}
