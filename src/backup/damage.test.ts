import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { writeAtomically } from './atomic-file.ts'
import { BackupError } from './format.ts'
import { verifyBackup } from './read.ts'

const progress = { start: () => {}, rows: () => {} }
const folder = mkdtempSync(join(tmpdir(), 'bursar-backup-'))
after(() => rmSync(folder, { recursive: true }))

type Told = { rows?: number; format?: string; first?: string; copy?: string; content?: string }

/** Returns a backup of one table, made by hand from its header. */
function textOf({
  rows = 3,
  format = '1',
  first,
  copy,
  content = '1\ta\n2\t\\N\n3\tc\\n\n',
}: Told) {
  const tables = [{ name: 'pairs', columns: ['n', 'value'], rows, partitions: [] }]
  const header = { bursar: '1.2.3', madeAt: '', postgres: '18', migrations: [], tables }
  const body = [
    `-- bursar-backup ${format} ${first ?? JSON.stringify(header)}`,
    `set client_encoding = 'UTF8';`,
    copy ?? 'copy "pairs" ("n", "value") from stdin;',
    `${content}\\.\n`,
  ].join('\n')
  return `${body}-- sha256 ${createHash('sha256').update(body).digest('hex')}\n`
}

const gzipped = (told: Told = {}) => gzipSync(textOf(told))
const verify = (...parts: Buffer[]) => verifyBackup(Readable.from(parts), progress)
const refused = (sentence: RegExp) => (error: unknown) =>
  error instanceof BackupError && sentence.test(error.message)

test('an undamaged file is accepted, however it is divided into parts', async () => {
  const file = gzipped()
  assert.equal((await verify(file)).bursar, '1.2.3')
  const bytes = Array.from(file, (byte) => Buffer.from([byte]))
  assert.equal((await verify(...bytes)).tables[0]?.rows, 3)
})

test('every changed byte is detected, unless it has no meaning', async () => {
  const file = gzipped()
  const expected = gunzipSync(file)
  const meaningless = new Set<number>()
  for (let position = 0; position < file.length; position += 1)
    for (const bit of [1, 2, 16, 128]) {
      const changed = Buffer.from(file)
      changed[position] = (changed[position] ?? 0) ^ bit
      try {
        await verify(changed)
        assert.deepEqual(gunzipSync(changed), expected)
        meaningless.add(position)
      } catch (error) {
        assert.ok(error instanceof BackupError, `byte ${position}: ${error}`)
      }
    }
  // The bits that pad the last byte of the compressed content, if any.
  meaningless.delete(file.length - 9)
  // In the header of gzip: the text flag, the time (4 bytes), the level, the operating system.
  assert.deepEqual([...meaningless], [3, 4, 5, 6, 7, 8, 9])
})

test('a changed text is detected even if it is compressed again', async () => {
  const text = Buffer.from(textOf({}))
  const content = text.indexOf('1\ta')
  for (let position = content; position < text.length; position += 1) {
    const changed = Buffer.from(text)
    changed[position] = (changed[position] ?? 0) ^ 1
    await assert.rejects(verify(gzipSync(changed)), BackupError, `byte ${position}`)
  }
})

test('a truncated file is refused at any length', async () => {
  const file = gzipped()
  const text = textOf({})
  for (let length = 0; length < file.length; length += 1)
    await assert.rejects(verify(file.subarray(0, length)), BackupError, `${length} bytes`)
  for (let length = 0; length < text.length; length += 1)
    await assert.rejects(verify(gzipSync(text.slice(0, length))), BackupError, `${length} of text`)
})

test('a file that is no backup, is damaged or has another format is refused with a clear message', async () => {
  const cases: [Buffer, RegExp][] = [
    [Buffer.from('-- some SQL\n'), /is not a backup/],
    [gzipSync('-- some SQL\n'), /is not a backup/],
    [gzipSync(''), /is not a backup/],
    [gzipped({ format: '2' }), /has format 2, this Bursar reads 1: use a newer Bursar/],
    [gzipped({ format: '2', first: '{"other":1}' }), /has format 2/],
    [gzipped({ first: '{"tables":[]}' }), /damaged: its first line/],
    [gzipped({ first: 'null' }), /damaged: its first line/],
    [gzipped({ first: '{' }), /damaged: its first line/],
    [gzipped({ copy: 'copy "others" ("n", "value") from stdin;' }), /rows of pairs are not where/],
    [gzipped({ rows: 4 }), /3 rows of pairs instead of 4/],
    [gzipSync(`${textOf({})}more\n`), /something follows/],
    [gzipSync(`-- bursar-backup 1 ${' '.repeat(80 * 1024 * 1024)}`), /is not a backup/],
    [gzipped({ content: 'x'.repeat(80 * 1024 * 1024) }), /damaged: it has a line without an end/],
  ]
  for (const [file, sentence] of cases) await assert.rejects(verify(file), refused(sentence))
})

test('a file appears only when it is complete, only for its owner, and never replaces another file', async () => {
  const path = join(folder, 'whole')
  await writeAtomically(path, async (target) => {
    target.write('all of it')
    assert.equal(readdirSync(folder).includes('whole'), false)
  })
  assert.equal(readFileSync(path, 'utf8'), 'all of it')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const again = writeAtomically(path, async () => assert.fail('it was written'))
  await assert.rejects(again, refused(/whole already exists/))
})

test('a failed write leaves no file and gives the reason', async () => {
  const before = readdirSync(folder)
  const full = () => Object.assign(new Error('ENOSPC: no space left'), { syscall: 'write' })
  const write = writeAtomically(join(folder, 'half'), async (target) => {
    target.write('the first half')
    throw full()
  })
  await assert.rejects(write, refused(/half cannot be written: ENOSPC/))
  const late = writeAtomically(join(folder, 'half'), async (target) => {
    // Accepted data is written later, so the failure may appear only at the end.
    target.write('the first half')
    target.destroy(full())
  })
  await assert.rejects(late, refused(/half cannot be written: ENOSPC/))
  assert.deepEqual(readdirSync(folder), before)
  writeFileSync(join(folder, 'file'), '')
  for (const path of ['nowhere/backup', 'file/backup'])
    await assert.rejects(
      writeAtomically(join(folder, path), async () => {}),
      refused(/backup cannot be written/),
    )
})
