import { type File, isCode, isGenerated, isTest, type Problem, problemsAt } from './project.ts'
import { viewsOf } from './views.ts'

/** The only file that reads the machine's clock. */
const CLOCK = 'src/kernel/clock.ts'
/** Displays on a terminal may use the machine's clock, because they show no domain time. */
const AT_A_TERMINAL = /^src\/cli\/(demo|progress)/

const TIME_AND_CHANCE =
  /\bDate\s*\.\s*now\b|\bnew Date\b\s*(\(\s*\)|(?!\s*\())|\bMath\s*\.\s*random\b/g

/** Returns uses of the machine's clock and of randomness. Both are passed as arguments. */
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

/** The only file that reads the database's clock, to compare it with the machine's. */
const DATABASE_CLOCK = 'src/db/look.ts'

/** Returns uses of the database's clock. Domain time is a parameter of the statement. */
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

/** Composed here, so that this file does not contain the words. */
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

/** Returns notes of unfinished work. */
export function leftOverProblems(files: readonly File[]): Problem[] {
  return files
    .filter(({ path }) => path !== 'package-lock.json')
    .flatMap((file) => problemsAt(file, file.text, { pattern: LEFT_OVER, what: 'left over' }))
}

/** Matches paths that exist only on somebody's machine. */
const MACHINE_PATH = /(?<=^|[\s"'`(=:,])\/(home|Users|root|work|workspace|mnt)\/[\w.-]+/gm

/** Returns paths of one machine. Checkouts on other machines are elsewhere. */
export function machinePathProblems(files: readonly File[]): Problem[] {
  return files.flatMap((file) =>
    problemsAt(file, file.text, { pattern: MACHINE_PATH, what: 'a path of one machine' }),
  )
}
