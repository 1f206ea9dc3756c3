import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { differences } from './build.ts'
import { buildProblems, STATEMENT, statementText } from './inputs.ts'

function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-build-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) write(folder, path, text)
  return folder
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

test('a build is stale once a source or a path of a source differs', (t) => {
  const folder = folderOf(t, { 'src/a.ts': '1', 'package.json': '{}' })
  const restate = () => write(folder, `dist/${STATEMENT}`, statementText(folder))
  restate()
  assert.deepEqual(buildProblems(folder), [])
  for (const [path, text] of [
    ['src/a.ts', '2'],
    ['src/b.ts', ''],
    ['package-lock.json', '{}'],
  ] as const) {
    write(folder, path, text)
    assert.equal(buildProblems(folder).length, 1, path)
    restate()
  }
})

test('outputs, packages and tests are no sources of a build', (t) => {
  const folder = folderOf(t, { 'src/a.ts': '1' })
  const before = statementText(folder)
  write(folder, 'dist/main.js', 'x')
  write(folder, 'node_modules/react/index.js', 'x')
  write(folder, 'src/a.test.ts', 'x')
  assert.equal(statementText(folder), before)
})

test('a comparison names what differs, what is missing and what is one too many', (t) => {
  const committed = folderOf(t, { same: '1', other: '1', old: '1' })
  const fresh = folderOf(t, { same: '1', other: '2', new: '1' })
  assert.deepEqual(differences(committed, fresh), [
    'console/dist/new is missing',
    'console/dist/old is one too many',
    'console/dist/other is not what the sources make',
  ])
})
