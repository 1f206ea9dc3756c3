import {
  type File,
  isCode,
  isGenerated,
  isTest,
  lineAt,
  type Problem,
  problemsAt,
} from './project.ts'
import { viewsOf } from './views.ts'

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 70
const MAX_LINE = 100

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|gen))?\.(ts|mjs)$/
const MIGRATION = /^\d{4}_[a-z0-9_]+\.sql$/

const isSource = (file: File): boolean =>
  (isCode(file) || file.path.endsWith('.sql')) && !isGenerated(file)

/** Files of code have kebab-case names; migrations are numbered. */
export function nameProblems(files: readonly File[]): Problem[] {
  return files.filter(isSource).flatMap(({ path }) => {
    const name = path.split('/').at(-1) ?? ''
    if (KEBAB.test(name) || (path.startsWith('migrations/') && MIGRATION.test(name))) return []
    return [{ path, what: `the name ${name} is not kebab-case` }]
  })
}

const PARTICIPLE = /^[ \t]*(?:export )?(?:type|interface) \w+(?:ed|ing)\b(?=\s*[<={])/gm
/** What looks like a participle and is a noun of the field. */
const NOUNS = /(Posting|Reading|Crossing|Finding)$/

/** Types are nouns. */
export function typeNameProblems(files: readonly File[]): Problem[] {
  return files
    .filter((file) => isCode(file) && !isGenerated(file))
    .flatMap((file) =>
      problemsAt(file, viewsOf(file.text).code, {
        pattern: PARTICIPLE,
        what: 'a type is a noun, not',
      }),
    )
    .filter(({ what }) => !NOUNS.test(what))
}

/** Files of at most 400 lines, lines of at most 100 characters. */
export function sizeProblems(files: readonly File[]): Problem[] {
  return files.filter(isSource).flatMap((file) => {
    const lines = file.text.replace(/\n$/, '').split('\n')
    const long = lines.flatMap((line, index): Problem[] =>
      [...line].length > MAX_LINE && !isOneString(line)
        ? [{ path: file.path, line: index + 1, what: `has more than ${MAX_LINE} characters` }]
        : [],
    )
    const total = `has ${lines.length} lines, more than ${MAX_FILE_LINES}`
    return lines.length > MAX_FILE_LINES ? [...long, { path: file.path, what: total }] : long
  })
}

/**
 * A sentence for a person stays in one piece, so that it can be searched for; the formatter cannot
 * break it either. The name of a test is one too.
 */
const isOneString = (line: string): boolean =>
  new RegExp(`^\\s*${BEFORE_STRING}(['"\`]).*\\1${AFTER_STRING}$`).test(line)

const BEFORE_STRING = '(?:return |throw |: |\\? |\\w+: |[\\w.]+\\()*'
const AFTER_STRING = '[,;)]*(?: (?:async )?\\(\\w*\\) => \\{)?'

/** Functions of at most 70 lines, from their first line to their closing brace. */
export function functionProblems(files: readonly File[]): Problem[] {
  return files.filter((file) => isCode(file) && !isGenerated(file)).flatMap(longFunctions)
}

/** A head that opens a block which is no function. */
const CONTROL = /^\s*(\}\s*)?(if|else|for|while|switch|do|try|catch|finally|class|export class)\b/

function longFunctions(file: File): Problem[] {
  const { code } = viewsOf(file.text)
  const lines = code.split('\n')
  return blocksOf(code).flatMap(({ open, close }) => {
    const last = lineAt(code, close)
    const first = headOf(lines, lineAt(code, open))
    const length = last - first + 1
    const head = lines.slice(first - 1, lineAt(code, open)).join(' ')
    if (length <= MAX_FUNCTION_LINES || !isFunction(head)) return []
    const what = `a function of ${length} lines, more than ${MAX_FUNCTION_LINES}`
    return [{ path: file.path, line: first, what }]
  })
}

const isFunction = (head: string): boolean =>
  !CONTROL.test(head) && (/=>\s*\(?\{\s*$/.test(head) || /\)[^()=]*\{\s*$/.test(head))

/** The braces that end a line, with the brace that closes each. */
function blocksOf(code: string): { open: number; close: number }[] {
  const opened: number[] = []
  const blocks: { open: number; close: number }[] = []
  for (let position = 0; position < code.length; position += 1) {
    if (code[position] === '{') opened.push(position)
    if (code[position] !== '}') continue
    const open = opened.pop()
    if (open !== undefined && /^[ \t]*\n/.test(code.slice(open + 1)))
      blocks.push({ open, close: position })
  }
  return blocks
}

/** The formatter gives the lines of a head that spans several the indentation of the first. */
function headOf(lines: readonly string[], openLine: number): number {
  const indentOf = (line: number) => (lines[line - 1] ?? '').search(/\S|$/)
  const isContinued = (line: number) => /^\s*[)\]}]/.test(lines[line - 1] ?? '')
  let line = openLine
  while (line > 1 && isContinued(line)) {
    const indent = indentOf(line)
    do line -= 1
    while (line > 1 && (indentOf(line) > indent || lines[line - 1]?.trim() === ''))
  }
  return line
}

/** Nothing is exported as the default. */
export function defaultExportProblems(files: readonly File[]): Problem[] {
  const pattern = /\bexport default\b|\bas default\b/g
  return files
    .filter((file) => isCode(file) && !isGenerated(file))
    .flatMap((file) =>
      problemsAt(file, viewsOf(file.text).code, { pattern, what: 'a default export' }),
    )
}

/** Every test runs. */
export function skippedTestProblems(files: readonly File[]): Problem[] {
  const patterns = [
    /\b(test|it|describe|suite)\s*\.\s*(only|skip|todo)\b/g,
    /\bt\s*\.\s*(skip|todo)\s*\(/g,
    /\b(only|skip|todo)\s*:\s*(true|['"`\d])/g,
  ]
  return files
    .filter((file) => isCode(file) && isTest(file))
    .flatMap((file) =>
      patterns.flatMap((pattern) =>
        problemsAt(file, viewsOf(file.text).code, { pattern, what: 'a test that does not run' }),
      ),
    )
}
