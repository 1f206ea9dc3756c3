import { type File, isCode, isGenerated, isTest, type Problem, problemsAt } from './project.ts'
import { viewsOf } from './views.ts'

const MAX_LINE = 100

const isSource = (file: File): boolean =>
  (isCode(file) || file.path.endsWith('.sql')) && !isGenerated(file)

const PARTICIPLE = /^[ \t]*(?:export )?(?:type|interface) \w+(?:ed|ing)\b(?=\s*[<={])/gm
/** Established nouns that end like participles. */
const NOUNS = /(Posting|Reading|Crossing|Finding|Standing|Holding)$/

/** Returns types whose names end in -ed or -ing. */
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

/** Returns lines of more than 100 characters. The formatter does not break comments and SQL. */
export function lineProblems(files: readonly File[]): Problem[] {
  const what = `has more than ${MAX_LINE} characters`
  return files
    .filter(isSource)
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index): Problem[] =>
          [...line].length > MAX_LINE && !isOneString(line)
            ? [{ path, line: index + 1, what }]
            : [],
        ),
    )
}

/**
 * Returns whether a line is one string, such as a message or the name of a test. It may be longer,
 * because a message that is one string can be searched for, and the formatter cannot break it.
 */
const isOneString = (line: string): boolean =>
  new RegExp(`^\\s*${BEFORE_STRING}(['"\`]).*\\1${AFTER_STRING}$`).test(line)

const BEFORE_STRING = '(?:return |throw |: |\\? |\\w+: |[\\w.]+\\()*'
const AFTER_STRING = '[,;)]*(?: (?:async )?\\(\\w*\\) => \\{)?'

/** Returns tests that are skipped. The linter finds only the first of these ways to skip one. */
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
