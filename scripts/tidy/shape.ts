import { type File, isCode, isGenerated, isTest, type Problem, problemsAt } from './project.ts'
import { viewsOf } from './views.ts'

const MAX_LINE = 100

const isSource = (file: File): boolean =>
  (isCode(file) || file.path.endsWith('.sql')) && !isGenerated(file)

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

/** Lines of at most 100 characters: the formatter breaks neither comments nor SQL. */
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
 * A sentence for a person stays in one piece, so that it can be searched for; the formatter cannot
 * break it either. The name of a test is one too.
 */
const isOneString = (line: string): boolean =>
  new RegExp(`^\\s*${BEFORE_STRING}(['"\`]).*\\1${AFTER_STRING}$`).test(line)

const BEFORE_STRING = '(?:return |throw |: |\\? |\\w+: |[\\w.]+\\()*'
const AFTER_STRING = '[,;)]*(?: (?:async )?\\(\\w*\\) => \\{)?'

/** Every test runs. Of the ways to skip one, the linter sees the first alone. */
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
