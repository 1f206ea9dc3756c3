import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { argumentsOf, groupsOf } from './groups.ts'

const ALONE = '// Runs in a process of its own: it changes the clock.\n'
const RUN_FILES = new URL('run-files.ts', import.meta.url).href
const REPORTER = new URL('reporter.ts', import.meta.url).href

const sources = fc.uniqueArray(
  fc.record({
    path: fc.nat().map((number) => `${number}.test.ts`),
    text: fc
      .tuple(fc.boolean(), fc.nat(50))
      .map(([alone, size]) => (alone ? ALONE : '') + 'x'.repeat(size)),
  }),
  { selector: ({ path }) => path, maxLength: 100 },
)

test('every file is in one group, of a bounded size, and alone if it says so', () => {
  fc.assert(
    fc.property(sources, (files) => {
      const groups = groupsOf(files)
      assert.deepEqual(groups.flat().sort(), files.map(({ path }) => path).sort())
      for (const group of groups) assert.ok(group.length > 0 && group.length <= 16)
      const texts = new Map(files.map(({ path, text }) => [path, text]))
      for (const group of groups.filter(({ length }) => length > 1))
        for (const path of group) assert.ok(!texts.get(path)?.startsWith(ALONE))
    }),
  )
})

test('groups are about equally large', () => {
  const files = Array.from({ length: 100 }, (_, size) => ({
    path: `${size}`,
    text: 'x'.repeat(size * size),
  }))
  const sizes = groupsOf(files).map((group) =>
    group.reduce((sum, path) => sum + Number(path) ** 2, 0),
  )
  assert.ok(Math.max(...sizes) < 1.2 * Math.min(...sizes), sizes.join())
})

test('files that make a test for each operation are in different groups, which come first', () => {
  const many = 'for (const operation of contract.operations) {}'
  const few = 'x'.repeat(2 * many.length)
  const files = Array.from({ length: 64 }, (_, index) => ({
    path: `test/${index}`,
    text: index < 3 ? many : few,
  }))
  const counts = groupsOf(files).map(
    (group) => group.filter((path) => /\/[0-2]$/.test(path)).length,
  )
  assert.deepEqual(counts, [1, 1, 1, 0])
})

function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bursar-groups-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('patterns stand for groups, and named files and options stay', (t) => {
  const root = folderWith(t, { 'a.test.ts': '', 'b.test.ts': ALONE, 'c.ts': '', 'd.test.ts': '' })
  const places = { root, patterns: ['*.ts'], exclude: ['b*'], folder: root }
  const group = join(root, 'group-001.mjs')
  const byName = '--test-name-pattern=x'
  const table: [string[], string[]][] = [
    [[], [group]],
    [['--test-timeout=9'], ['--test-timeout=9', group]],
    [['[ab].test.ts'], ['b.test.ts', 'a.test.ts']],
    [
      ['c.ts', '*.ts'],
      ['c.ts', group, 'b.test.ts'],
    ],
    [['a.test.ts'], ['a.test.ts']],
    [[byName], [byName, 'a.test.ts', 'd.test.ts']],
    [
      [byName, '[ab]*'],
      [byName, 'a.test.ts', 'b.test.ts'],
    ],
  ]
  for (const [args, expected] of table) assert.deepEqual(argumentsOf(args, places), expected)
})

/** Runs files as one group. */
function runGroup(t: TestContext, files: Readonly<Record<string, string>>) {
  const imports = `import { after, test } from 'node:test'\n`
  const names = Object.keys(files)
  const folder = folderWith(
    t,
    Object.fromEntries(names.map((name) => [name, `${imports}${files[name]}`])),
  )
  const limits = { fileMs: 1000, closingMs: 200 }
  const call = `runFiles(${JSON.stringify(names)}, ${JSON.stringify(limits)})`
  writeFileSync(
    join(folder, 'group.mjs'),
    `import { runFiles } from ${JSON.stringify(RUN_FILES)}\nawait ${call}\n`,
  )
  const args = ['--test', `--test-reporter=${REPORTER}`, 'group.mjs']
  // With it, the runner would report to the process that runs this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env,
  })
  const count = (name: string) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(stdout)?.[1])
  return { status, stdout, count }
}

test('the files of a group run one after the other, each until what it opened is closed', (t) => {
  const file = `
    const say = (text) => process.stderr.write(text + '\\n')
    const soon = (text) => new Promise((done) => setTimeout(done, 20)).then(() => say(text))
    say('opened')
    after(() => soon('closed'))
    test('waits', () => soon('tested'))`
  const { status, stdout, count } = runGroup(t, { 'a.test.ts': file, 'b.test.ts': file })
  assert.equal(status, 0, stdout)
  assert.deepEqual([count('tests'), count('pass')], [2, 2], stdout)
  assert.deepEqual(stdout.match(/^(opened|tested|closed)$/gm), [
    ...['opened', 'tested', 'closed'],
    ...['opened', 'tested', 'closed'],
  ])
})

const PASSES = `test('passes', () => {})\n`
/** What a file does, and how the report says it. */
const FAULTS: Readonly<Record<string, { text: string; report: RegExp }>> = {
  'wrong.test.ts': {
    text: `test('no', () => { throw new Error('no') })`,
    report: /wrong\.test\.ts:2:1\n✖ no/,
  },
  'throws.test.ts': {
    text: `throw new Error('no')`,
    report: /✖ throws\.test\.ts cannot be loaded.*\n +Error: no/,
  },
  'closing.test.ts': {
    text: `${PASSES}after(() => { throw new Error('not closed') })`,
    report: /✖ closing\.test\.ts .*\n +Error: not closed/,
  },
  'empty.test.ts': { text: '', report: /^✖ empty\.test\.ts has no test$/m },
  'hangs.test.ts': {
    text: `test('hangs', () => new Promise((done) => setTimeout(done, 60_000)))`,
    report: /✖ hangs\.test\.ts .*\n +'test timed out/,
  },
  'timer.test.ts': {
    text: `${PASSES}setInterval(() => {}, 1000)`,
    report: /✖ timer\.test\.ts leaves open: Timeout/,
  },
  'variable.test.ts': {
    text: `${PASSES}process.env.NEW = '1'`,
    report: /✖ variable\.test\.ts changes the variable NEW/,
  },
  'global.test.ts': {
    text: `${PASSES}globalThis.fetch = () => {}`,
    report: /✖ global\.test\.ts changes the global fetch/,
  },
  'signal.test.ts': {
    text: `${PASSES}process.on('SIGHUP', () => {})`,
    report: /✖ signal\.test\.ts changes the listeners of SIGHUP/,
  },
  'code.test.ts': {
    text: `${PASSES}process.exitCode = 3`,
    report: /✖ code\.test\.ts changes the exit code/,
  },
}

test('a file with a fault fails the run by its name, and the other files still run', (t) => {
  const texts = Object.entries(FAULTS).map(([name, { text }]) => [name, text])
  const { status, stdout, count } = runGroup(t, {
    ...Object.fromEntries(texts),
    'last.test.ts': PASSES,
  })
  assert.equal(status, 1, stdout)
  for (const { report } of Object.values(FAULTS)) assert.match(stdout, report)
  assert.match(stdout, /▶ last\.test\.ts\n {2}✔ passes/)
  // What the hanging test waits for is open, too.
  assert.deepEqual([count('pass'), count('fail'), count('cancelled')], [7, 8, 1], stdout)
})
