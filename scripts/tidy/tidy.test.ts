import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consoleTestProblems } from './console.ts'
import {
  linkProblems,
  namedFileProblems,
  quotedMessageProblems,
  servedPathProblems,
} from './documents.ts'
import { migrationProblems } from './migrations.ts'
import { importProblems, importsOf, MAY_IMPORT } from './modules.ts'
import type { File } from './project.ts'
import { RULES } from './rules.ts'
import { viewsOf } from './views.ts'

const PACKAGE: File = { path: 'package.json', text: '{ "dependencies": { "pg": "1" } }' }
/** Composed here, so that the rule does not find the word in this file. */
const LEFT = ['TO', 'DO'].join('')
const HOME = ['', 'home', 'ada', 'bursar'].join('/')

const README = ['**Owns** a', '**Words.** b', '**Invariants**', '**Time.** c', '**Boundaries.** d']
  .map((room) => `${room}\n\n`)
  .join('')

/** For each rule, files that break it, each separately, and files that do not. */
type Cases = { broken: [path: string, text: string][]; fine: [path: string, text: string][] }

const CASES: Readonly<Record<string, Cases>> = {
  'module graph': {
    broken: [
      ['src/kernel/ids.ts', "import { sql } from '../db/index.ts'\n"],
      ['src/kernel/ids.ts', "import pg from 'pg'\n"],
      ['src/kernel/errors.ts', "import { operations } from '../api.gen.ts'\n"],
      ['src/db/page.ts', "import type { App } from '../app.ts'\n"],
      ['src/jobs/runner.ts', "import { createKey } from '../access/index.ts'\n"],
      ['src/customers/http.ts', "import { upsert } from '../budgets/index.ts'\n"],
      ['src/customers/http.ts', "import { createServer } from '../http/index.ts'\n"],
      ['src/budgets/http.ts', "import { main } from '../cli/main.ts'\n"],
      ['src/http/server.ts', "import { upsert } from '../budgets/index.ts'\n"],
      ['src/http/server.ts', "export * from '../customers/index.ts'\n"],
      ['src/http/server.ts', "const late = await import('../customers/index.ts')\n"],
      ['src/http/server.ts', "import '../customers/index.ts'\n"],
      ['src/budgets/http.ts', "import { lock } from '../customers/customer-store.ts'\n"],
      ['src/budgets/http.ts', "import {\n  type Tx,\n  sql,\n} from '../db/sql.ts'\n"],
      ['src/main.ts', "import { serveCommand } from './cli/serve.ts'\n"],
      ['src/metering/totals/find-usage.ts', "import { a } from '../dedup/index.ts'\n"],
      ['src/metering/rebuild/rebuild.ts', "import { a } from '../totals/total-store.ts'\n"],
      ['src/engine/check/check.ts', "import { a } from '../batch/index.ts'\n"],
      ['src/config.ts', "import { openWorld } from '../test/support/world.ts'\n"],
      ['src/db/database.ts', "import fc from 'fast-check'\n"],
      ['src/db/database.ts', "import { x } from '@scope/unknown/deep'\n"],
    ],
    fine: [
      ['src/kernel/ids.ts', "import { randomBytes } from 'node:crypto'\n"],
      ['src/kernel/errors.ts', "import type { Id } from '../api.gen.ts'\n"],
      ['src/db/database.ts', "import pg from 'pg'\nimport { assert } from '../kernel/assert.ts'\n"],
      ['src/budgets/http.ts', "import { lock } from '../customers/index.ts'\n"],
      ['src/budgets/http.ts', "import { wire } from './deep/wire.ts'\n"],
      ['src/budgets/http.ts', "// import { x } from '../http/index.ts'\n"],
      ['src/budgets/http.ts', 'const text = "import { x } from \'../http/index.ts\'"\n'],
      ['src/budgets/entities.test.ts', "import { world } from '../../test/support/world.ts'\n"],
      ['src/main.ts', "import { startEmbedded } from './embedded-postgres/index.ts'\n"],
      ['src/cli/serve.ts', "import { serve } from '../main.ts'\n"],
      ['src/metering/rebuild/rebuild.ts', "import { a } from '../totals/index.ts'\n"],
      ['src/metering/totals/find-usage.ts', "import type { A } from '../types.ts'\n"],
    ],
  },
  modules: {
    broken: [
      ['src/budgets/types.ts', ''],
      ['src/webhooks/README.md', README],
      ['src/budgets/README.md', README.replace('**Time.**', '')],
      ['src/budgets/README.md', '**Words.** b\n**Owns** a\n**Invariants**\n**Time.** c'],
      ['src/helpers.ts', ''],
    ],
    fine: [
      ['src/budgets/README.md', README],
      ['src/cli/main.ts', ''],
      ['src/main.ts', ''],
      ['src/config.test.ts', ''],
    ],
  },
  'imports of the console': {
    broken: [
      ['console/src/api/call.ts', "import { operations } from '../../../src/api.gen.ts'\n"],
      ['console/src/api/call.ts', "import type { App } from '../../../src/app.ts'\n"],
      ['console/src/ui/bar.tsx', "import { Bar } from 'some-charts'\n"],
      ['console/src/views/a/view.tsx', "import { B } from '../b/parts.tsx'\n"],
    ],
    fine: [
      ['console/src/api/call.ts', "import type { Feature } from '../../../src/api.gen.ts'\n"],
      ['console/src/views/a/view.tsx', "import { A } from './parts.tsx'\n"],
      ['console/src/views/a/view.tsx', "import { Page } from '../../ui/page.tsx'\n"],
      ['console/src/routes.tsx', "const a = () => import('./views/a/view.tsx')\n"],
      ['console/src/ui/tokens.test.ts', "import test from 'node:test'\n"],
    ],
  },
  'tests of the console': {
    broken: [
      ['console/src/ui/bar.test.ts', "import { Bar } from './bar.tsx'\n"],
      ['console/src/ui/bar.test.ts', "export { Bar } from './bar.tsx'\n"],
    ],
    fine: [
      ['console/src/ui/bar.test.ts', "import type { Bar } from './bar.tsx'\n"],
      ['console/src/ui/bar.test.ts', "import test from 'node:test'\n"],
      ['console/src/ui/bar.tsx', "import { Bars } from './bars.tsx'\n"],
    ],
  },
  'names of types': {
    broken: [
      ['src/http/server.ts', 'type Prepared = string\n'],
      ['src/http/server.ts', 'export type Asking<T> = T\n'],
      ['src/http/server.ts', 'interface Named {}\n'],
    ],
    fine: [
      ['src/http/server.ts', 'type Posting = string\nexport type ClockReading = number\n'],
      ['src/http/server.ts', "import { type Prepared } from 'pg'\nconst asked = 1\n"],
      ['src/http/server.ts', '// type Prepared = string\n'],
    ],
  },
  'long lines': {
    broken: [
      ['src/http/server.ts', `// ${'x'.repeat(98)}\n`],
      ['src/db/store.ts', `  select ${'a, '.repeat(40)} from t\n`],
    ],
    fine: [
      ['src/http/server.ts', `// ${'é'.repeat(97)}\n`],
      ['src/http/server.ts', `    \`${'a sentence for a person '.repeat(9)}\`,\n`],
      ['docs/STYLE.md', `${'word '.repeat(30)}\n`],
      ['src/api.gen.ts', `// ${'x'.repeat(98)}\n`],
    ],
  },
  'skipped tests': {
    broken: [
      ['src/http/a.test.ts', "test.only('a', () => {})\n"],
      ['src/http/a.test.ts', "test.skip('a', () => {})\n"],
      ['test/process/a.test.ts', "describe.todo('a')\n"],
      ['test/process/a.test.ts', "test('a', { skip: true }, () => {})\n"],
      ['test/process/a.test.ts', "test('a', { todo: 'later' }, () => {})\n"],
      ['test/process/a.test.ts', "test('a', (t) => t.skip('no'))\n"],
    ],
    fine: [['src/http/a.test.ts', "test('nothing but .only and test.skip', () => {})\n"]],
  },
  clock: {
    broken: [
      ['src/http/a.ts', 'const now = Date.now()\n'],
      ['src/http/a.ts', 'const now = new Date()\n'],
      ['src/http/a.ts', 'const now = new Date\n'],
      ['src/http/a.ts', 'const now = [1].map(Date.now)\n'],
      ['src/http/a.ts', 'const chance = Math.random()\n'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a template.
      ['src/http/a.ts', 'const text = `at ${Date.now()}`\n'],
    ],
    fine: [
      ['src/http/a.ts', 'const at = new Date(instant)\n'],
      ['src/http/a.ts', 'const text = `Date.now() and Math.random()` // new Date()\n'],
      ['src/kernel/clock.ts', 'const now = Date.now()\n'],
      ['src/http/a.test.ts', 'const now = Date.now()\n'],
      ['bench/run.ts', 'const now = Date.now()\n'],
    ],
  },
  'time in SQL': {
    broken: [
      ['migrations/0001_a.sql', 'create table a (b timestamptz default now());\n'],
      ['migrations/0001_a.sql', 'select CURRENT_TIMESTAMP;\n'],
      ['src/db/store.ts', 'const a = sql`select 1 where due_at < now()`\n'],
      ['src/db/store.ts', "const a = 'select clock_timestamp()'\n"],
    ],
    fine: [
      ['migrations/0001_a.sql', '-- never now()\nselect 1;\n'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a template.
      ['src/db/store.ts', 'const a = sql`select ${app.clock.now()}`\n'],
      ['src/db/store.ts', 'const a = clock.now()\n'],
      ['src/db/look.ts', "const a = 'select clock_timestamp()'\n"],
    ],
  },
  'left over': {
    broken: [
      ['src/http/a.ts', `// ${LEFT}: later\n`],
      ['docs/OPERATING.md', `${LEFT}\n`],
    ],
    fine: [['src/http/a.ts', 'const todos = 1 // mastodon\n']],
  },
  'machine paths': {
    broken: [
      ['docs/OPERATING.md', `cd ${HOME}\n`],
      ['src/http/a.ts', `const path = '${HOME}'\n`],
      ['bench/results.md', `(${HOME})\n`],
    ],
    fine: [['docs/OPERATING.md', 'see /var/lib/bursar and https://example.com/home/page\n']],
  },
  links: {
    broken: [
      ['docs/A.md', '[b](B.md)\n'],
      ['docs/A.md', '[b](#no-such-heading)\n\n# A heading\n'],
      ['docs/A.md', '[b](../../outside.md)\n'],
      ['docs/A.md', '[b]: ./gone.md\n'],
    ],
    fine: [
      ['docs/A.md', '[b](#the-heading-of-b-1)\n\n## The `heading`, of B: 1\n'],
      ['docs/A.md', '[b](https://example.com) [c](../package.json) [d](mailto:a@b.c)\n'],
      ['docs/A.md', '```\n[b](B.md)\n```\nand `[b](B.md)`\n'],
    ],
  },
  'named files': {
    broken: [
      ['docs/A.md', 'see `src/kernel/gone.ts`\n'],
      ['docs/A.md', '| `src/gone` | a folder |\n'],
      ['src/kernel/README.md', 'Rules (`gone.ts`) are pure.\n'],
      ['README.md', '`migrations/0000_gone.sql`\n'],
    ],
    fine: [
      ['docs/A.md', '`src/kernel/clock.ts`, `scripts/tidy` and `bin/bursar.mjs`\n'],
      ['docs/A.md', '`src/<module>/http.ts`, `*.test.ts`, `/src/gone.ts` and `.ts`\n'],
      ['docs/A.md', '```\n`src/gone.ts`\n```\n'],
      ['src/kernel/clock.ts', '// `src/gone.ts`\n'],
    ],
  },
  'quoted messages': {
    broken: [
      ['docs/OPERATING.md', '## Troubleshooting\n\n| `no such message` | do it |\n'],
      ['docs/OPERATING.md', '## Troubleshooting\n\n| 503 `… is gone; …` | do it |\n'],
    ],
    fine: [
      ['docs/OPERATING.md', '## Logs\n\n| `no such message` | do it |\n'],
      ['docs/OPERATING.md', '## Troubleshooting\n\n| something | `no message` |\n'],
      ['docs/OPERATING.md', '## Troubleshooting\n\n| 503 | do it |\n\n## A\n\n| `b` | c |\n'],
      ['docs/STYLE.md', '## Troubleshooting\n\n| `no such message` | do it |\n'],
    ],
  },
  'served paths': {
    broken: [
      ['api/openapi.json', '{ "paths": { "/api/v1/plans": {}, "/api/v1/plans/{id}": {} } }'],
    ],
    fine: [
      ['api/openapi.json', '{ "paths": { "/health/live": {} } }'],
      ['README.md', '| `/api/v1/plans` | list |\n'],
    ],
  },
  migrations: {
    broken: [
      ['migrations/0002_begin.sql', ''],
      ['migrations/0000_begin.sql', ''],
      ['migrations/1_begin.sql', ''],
      ['migrations/begin.sql', ''],
    ],
    fine: [
      ['migrations/0001_begin.sql', ''],
      ['migrations/README.md', ''],
      ['src/db/0002_other.sql', ''],
    ],
  },
}

test('every rule is proven', () => {
  assert.deepEqual(Object.keys(CASES), Object.keys(RULES))
})

for (const [name, { broken, fine }] of Object.entries(CASES)) {
  const rule = RULES[name]
  const check = (path: string, text: string) => rule?.([PACKAGE, { path, text }]) ?? []
  for (const [path, text] of broken)
    test(`${name}: ${path} is told of ${JSON.stringify(text.slice(0, 60))}`, () => {
      const problems = check(path, text)
      assert.equal(problems.length, 1, JSON.stringify(problems))
      assert.ok(problems[0] !== undefined && path.startsWith(problems[0].path))
    })
  for (const [path, text] of fine)
    test(`${name}: ${path} may hold ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.deepEqual(check(path, text), [])
    })
}

test('links between documents are followed to their headings', () => {
  const target = { path: 'docs/B.md', text: '# One\n\n## Two words\n\n## Two words\n' }
  const linked = (link: string) =>
    linkProblems([{ path: 'README.md', text: `[b](${link})\n` }, target])
  for (const link of ['docs/B.md', 'docs/B.md#one', 'docs/B.md#two-words', 'docs/B.md#two-words-1'])
    assert.deepEqual(linked(link), [])
  for (const link of ['docs/B.md#two', 'docs/b.md', 'B.md']) assert.equal(linked(link).length, 1)
})

test('a path that is served is in the table of the README, whatever its version', () => {
  const served = { path: 'api/openapi.json', text: '{ "paths": { "/api/v1/plans/{id}": {} } }' }
  const told = (text: string) => servedPathProblems([served, { path: 'README.md', text }])
  assert.deepEqual(told('| `/api/v1-beta/plans`, `/api/v1/addons` | list |\n'), [])
  assert.equal(told('See `/api/v1/plans`.\n').length, 1)
})

test('a file that a document names may be told by the end of its path', () => {
  const file = { path: 'src/engine/batch/batch-queue.ts', text: '' }
  const named = (name: string) =>
    namedFileProblems([{ path: 'README.md', text: `\`${name}\`\n` }, file])
  for (const name of ['batch-queue.ts', 'batch/batch-queue.ts', 'engine/batch/batch-queue.ts'])
    assert.deepEqual(named(name), [])
  for (const name of ['queue.ts', 'engine/batch-queue.ts']) assert.equal(named(name).length, 1)
})

test('a quoted message is found where the code puts it together', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a template.
  const text = "throw badInput(`the key ${id} is ` +\n  'gone; try again')\n"
  const quoted = (message: string) =>
    quotedMessageProblems([
      { path: 'src/http/a.ts', text },
      { path: 'docs/OPERATING.md', text: `## Troubleshooting\n\n| \`${message}\` | b |\n` },
    ])
  for (const message of ['the key … is gone; try again', 'the key …', '… is gone; …'])
    assert.deepEqual(quoted(message), [])
  assert.deepEqual(quoted('the key … was gone'), [
    { path: 'docs/OPERATING.md', line: 3, what: 'nothing says "the key … was gone"' },
  ])
})

test('a test of the console loads no markup and no package, at any depth', () => {
  const files: File[] = [
    { path: 'console/package.json', text: '{ "dependencies": { "react": "1" } }' },
    { path: 'console/src/a.test.ts', text: "import { b } from './b.ts'\n" },
    { path: 'console/src/b.ts', text: "\nimport { c } from './ui/c.tsx'\nimport 'react/jsx'\n" },
    { path: 'console/src/ui/c.tsx', text: "import { useState } from 'react'\n" },
  ]
  assert.deepEqual(consoleTestProblems(files), [
    {
      path: 'console/src/b.ts',
      line: 2,
      what: 'console/src/a.test.ts would load console/src/ui/c.tsx in Node',
    },
    {
      path: 'console/src/b.ts',
      line: 3,
      what: 'console/src/a.test.ts would load react/jsx in Node',
    },
  ])
})

test('migrations have every number once, from 1 on', () => {
  const numbered = (...numbers: string[]) =>
    migrationProblems(numbers.map((number) => ({ path: `migrations/${number}.sql`, text: '' })))
  assert.deepEqual(numbered('0001_a', '0002_b', '0003_c'), [])
  const repeated = { path: 'migrations/0002_c.sql', what: 'its number should be 3' }
  assert.deepEqual(numbered('0001_a', '0002_b', '0002_c'), [repeated])
  const afterGap = { path: 'migrations/0003_b.sql', what: 'its number should be 2' }
  assert.deepEqual(numbered('0001_a', '0003_b'), [afterGap])
})

test('the module graph has no cycle', () => {
  const parts = Object.keys(MAY_IMPORT)
  for (const [part, imported] of Object.entries(MAY_IMPORT))
    for (const each of imported)
      assert.ok(!MAY_IMPORT[each]?.includes(part), `${part} and ${each} import each other`)
  for (const part of parts) {
    const reached = new Set<string>()
    const pending = [part]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const found = (MAY_IMPORT[next] ?? []).filter((each) => !reached.has(each))
      for (const each of found) reached.add(each)
      pending.push(...found)
    }
    assert.ok(!reached.has(part), `${part} reaches itself`)
  }
})

test('a problem names the line', () => {
  const text = "import a from 'pg'\n\nimport { b } from '../http/index.ts'\n"
  const problems = importProblems([{ path: 'src/customers/a.ts', text }], ['pg'])
  assert.deepEqual(problems, [
    { path: 'src/customers/a.ts', line: 3, what: 'customers may not import http' },
  ])
})

test('code, comments, strings, templates and patterns are told apart', () => {
  const cases: [text: string, code: string][] = [
    ["a('//b') // c", "a('   ')     "],
    ['a /* b\n*/ c', 'a     \n   c'],
    ["a = /[/']/.test(b) / 2", 'a = /    /.test(b) / 2'],
    ["a = b / 2 / '/'", "a = b / 2 / ' '"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the code of a template.
    ['`a${b({ c: `d${e}` })}f`', '`  {b({ c: `  {e}` })} `'],
    ["'a\\'b' + c", "'    ' + c"],
    ['return /a"b/g', 'return /   /g'],
  ]
  for (const [text, code] of cases) assert.equal(viewsOf(text).code, code)
  assert.deepEqual(
    importsOf("import type { A } from './a.ts'\nimport { type B } from './b.ts'\n"),
    [
      { from: './a.ts', line: 1, typeOnly: true },
      { from: './b.ts', line: 2, typeOnly: false },
    ],
  )
})
