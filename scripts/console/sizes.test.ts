import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sizeProblems } from './sizes.ts'

/** Text that no compression makes smaller. */
const noise = (bytes: number): string =>
  `//${randomBytes(bytes).toString('latin1').replaceAll('\n', ' ')}`

function problemsOf(t: TestContext, files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-sizes-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const page = '<script src="./main.js"></script>'
  for (const [name, text] of Object.entries({ 'index.html': page, 'main.js': '', ...files }))
    writeFileSync(join(folder, name), text, 'latin1')
  return sizeProblems(folder).map((line) => /^console\/dist: ([^:]+): \d+ /.exec(line)?.[1] ?? line)
}

test('what a page loads at once counts together, with all that it imports', (t) => {
  const files = { 'a.js': `import "./b.js"\n${noise(110_000)}`, 'b.js': noise(110_000) }
  const inOrder = ['the scripts of the first load']
  assert.deepEqual(problemsOf(t, { ...files, 'main.js': 'import{x}from"./a.js"' }), inOrder)
  assert.deepEqual(problemsOf(t, { ...files, 'main.js': 'import("./a.js")' }), ['a.js', 'b.js'])
})

test('styles, fonts and the whole folder have limits of their own', (t) => {
  assert.deepEqual(problemsOf(t, { 'console.css': noise(21_000) }), ['the styles'])
  assert.deepEqual(problemsOf(t, { 'a.woff2': noise(60_000), 'b.woff2': noise(60_000) }), [
    'the fonts',
  ])
  assert.deepEqual(problemsOf(t, { 'large.svg': noise(1_600_000) }), ['the folder'])
})
