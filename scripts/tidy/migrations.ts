import type { File, Problem } from './project.ts'

const NAME = /^migrations\/(\d{4})_[a-z0-9_]+\.sql$/

/** Migrations must be numbered from 1 without gaps. Otherwise no server starts. */
export const migrationProblems = (files: readonly File[]): Problem[] =>
  files
    .filter(({ path }) => path.startsWith('migrations/') && path.endsWith('.sql'))
    .flatMap(({ path }, index): Problem[] => {
      const number = Number(NAME.exec(path)?.[1] ?? Number.NaN)
      return number === index + 1 ? [] : [{ path, what: `its number should be ${index + 1}` }]
    })
