import { readdir, readFile } from 'node:fs/promises'
import { type Document, operationsOf } from './document.ts'

export const architectureFile = new URL('../../docs/ARCHITECTURE.md', import.meta.url)
const SRC = new URL('../../src/', import.meta.url)

const BEGIN = '<!-- operations: written by `npm run api` -->'
const END = '<!-- end of operations -->'

/** Returns the page with a current table of operations. */
export async function withOperationTable(page: string, document: Document): Promise<string> {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined)
    throw new Error(`docs/ARCHITECTURE.md lacks ${BEGIN} or ${END}`)
  return `${before}${BEGIN}\n\n${tableOf(document, await findHandlers())}\n\n${END}${after}`
}

/** An alias is in the row of the operation whose handler it shares. */
function tableOf(document: Document, handlers: ReadonlyMap<string, string>): string {
  const all = operationsOf(document).map(({ method, path, operation }) => ({
    id: operation.operationId,
    primary: operation['x-twin-of'] ?? operation.operationId,
    route: `${method.toUpperCase()} ${path}`,
  }))
  const rows = all
    .map(({ id, primary, route }) => ({ id, route, file: handlers.get(primary) ?? 'none' }))
    .sort((a, b) => (a.file === b.file ? order(a.id, b.id) : order(a.file, b.file)))
    .map(({ id, route, file }) => [`\`${id}\``, `\`${route}\``, `\`${file}\``])
  return aligned([['operation', 'route', 'handler'], ...rows])
}

const order = (a: string, b: string): number => (a < b ? -1 : 1)

/** Returns a Markdown table with aligned columns. */
function aligned([head = [], ...rows]: readonly string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** A file `http.ts` of a module, or a file in its folder `http`. */
const HANDLERS = /\/http(\/[^/]+)?\.ts$/

/** Returns the file of each operation's handler, by the operation's id. */
async function findHandlers(): Promise<Map<string, string>> {
  const paths = (await readdir(SRC, { recursive: true })).filter(
    (path) => HANDLERS.test(path) && !path.endsWith('.test.ts'),
  )
  const handlers = new Map<string, string>()
  for (const path of paths) {
    const text = await readFile(new URL(path, SRC), 'utf8')
    for (const [, id] of text.matchAll(/^ +'(v1[\w.]*)': /gm))
      if (id !== undefined) handlers.set(id, `src/${path}`)
  }
  return handlers
}
