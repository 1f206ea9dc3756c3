import { type File, isCode, isGenerated, isTest, type Problem, problemsAt } from './project.ts'
import { viewsOf } from './views.ts'

/** The one reader of the machine's clock. */
const CLOCK = 'src/kernel/clock.ts'
/** What a person watches at a terminal is no time of the domain. */
const AT_A_TERMINAL = /^src\/cli\/(demo|progress)/

const TIME_AND_CHANCE =
  /\bDate\s*\.\s*now\b|\bnew Date\b\s*(\(\s*\)|(?!\s*\())|\bMath\s*\.\s*random\b/g

/** Time and chance come from outside: the clock and the ids of the application. */
export function clockProblems(files: readonly File[]): Problem[] {
  return files
    .filter((file) => file.path.startsWith('src/') && isCode(file) && !isTest(file))
    .filter(({ path }) => path !== CLOCK && !AT_A_TERMINAL.test(path))
    .flatMap((file) =>
      problemsAt(file, viewsOf(file.text).code, {
        pattern: TIME_AND_CHANCE,
        what: `only ${CLOCK} may ask`,
      }),
    )
}

const SQL_FUNCTIONS = 'now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday'
const SQL_WORDS = 'current_timestamp|current_date|current_time|localtimestamp|localtime'
const SQL_TIME = new RegExp(`\\b(?:${SQL_FUNCTIONS})\\s*\\(\\s*\\)|\\b(?:${SQL_WORDS})\\b`, 'gi')

/** Where the database's clock is asked, to compare it with the machine's. */
const DATABASE_CLOCK = 'src/db/look.ts'

/** The database's clock is not the time of the domain: `now` is a parameter of the statement. */
export function sqlTimeProblems(files: readonly File[]): Problem[] {
  const what = "the database's clock"
  return files.flatMap((file) => {
    if (file.path.endsWith('.sql'))
      return problemsAt(file, withoutSqlComments(file.text), { pattern: SQL_TIME, what })
    const isOurs = file.path.startsWith('src/') && isCode(file) && file.path !== DATABASE_CLOCK
    if (!isOurs || isTest(file) || isGenerated(file)) return []
    return problemsAt(file, viewsOf(file.text).strings, { pattern: SQL_TIME, what })
  })
}

const withoutSqlComments = (text: string): string =>
  text.replaceAll(/--.*/g, (comment) => ' '.repeat(comment.length))

/** Put together here, so that this file does not hold them. */
const LEFT_OVER = new RegExp(
  `\\b(${[
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['X', 'XX'],
    ['HA', 'CK'],
  ]
    .map((parts) => parts.join(''))
    .join('|')})\\b`,
  'g',
)

/** What is left to do stands in no file. */
export function leftOverProblems(files: readonly File[]): Problem[] {
  return files
    .filter(({ path }) => path !== 'package-lock.json')
    .flatMap((file) => problemsAt(file, file.text, { pattern: LEFT_OVER, what: 'left over' }))
}

/** Folders in which somebody works on some machine. */
const MACHINE_PATH = /(?<=^|[\s"'`(=:,])\/(home|Users|root|work|workspace|mnt)\/[\w.-]+/gm

/** A stranger's checkout lies elsewhere. */
export function machinePathProblems(files: readonly File[]): Problem[] {
  return files.flatMap((file) =>
    problemsAt(file, file.text, { pattern: MACHINE_PATH, what: 'a path of one machine' }),
  )
}
