import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { required } from '../kernel/assert.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
}
const PAGE = 'index.html'
const HASH_LENGTH = 12

export type ConsoleFile = { readonly name: string; readonly type: string; readonly content: Buffer }

/** The files of a build that browsers load. */
export type ConsoleFiles = {
  /** The page, whose references lead to `folder`. */
  readonly page: string
  /** Changes with any byte of any file. */
  readonly folder: string
  readonly assets: readonly ConsoleFile[]
}

/**
 * Reads a build of the console. Its files have names without hashes and refer to each other
 * relatively. So a folder that is named after their content can be cached for ever.
 */
export function readConsoleFiles(folder: URL): ConsoleFiles {
  const names = readdirSync(folder).toSorted()
  const files = names.map((name) => ({ name, content: readFileSync(new URL(name, folder)) }))
  const hash = createHash('sha256')
  for (const { name, content } of files) hash.update(`${name}\0${content.length}\0`).update(content)
  const address = `/assets/${hash.digest('hex').slice(0, HASH_LENGTH)}/`
  const page = required(
    files.find(({ name }) => name === PAGE),
    'the console has no page',
  ).content.toString('utf8')
  return {
    page: page.replaceAll(/(src|href)="\.\//g, `$1="${address}`),
    folder: address,
    assets: files.flatMap(({ name, content }) => {
      const type = TYPES[extname(name)]
      return type === undefined ? [] : [{ name, type, content }]
    }),
  }
}
