import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runnableBinaries } from './binaries.ts'
import { allowTraversal } from './data-dir.ts'
import { isLocked, takeLock } from './lock.ts'
import { entryOf } from './server-log.ts'
import { explainFailure } from './start-errors.ts'

function temporaryDir(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'bursar-parts-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('every failure of PostgreSQL has a message that says what to do', () => {
  const place = { clusterDir: '/data/postgres/cluster', uid: 65534 }
  const cases: [{ spawnCode?: string; output: string }, RegExp][] = [
    [{ spawnCode: 'ENOENT', output: '' }, /needs a Linux system with glibc/],
    [
      { spawnCode: 'EPERM', output: '' },
      /does not run as root.*65534: start Bursar as an ordinary user/,
    ],
    [{ spawnCode: 'EACCES', output: '' }, /"noexec"/],
    [{ spawnCode: 'EMFILE', output: '' }, /could not be started \(EMFILE\)/],
    [
      {
        output:
          'initdb: error: could not create directory "/x/base": No space left on device\n' +
          'initdb: removing data directory "/x"',
      },
      /no room left on the disk.*\/data\/postgres\/cluster.*says: .*No space left on device/,
    ],
    [
      { output: 'initdb: error: could not create directory "/x": Read-only file system' },
      /read-only file system/,
    ],
    [
      { output: 'initdb: error: could not look up effective user ID 4711: user does not exist' },
      /user id 65534 has none in \/etc\/passwd/,
    ],
    [
      {
        output:
          'postmaster|F0000|FATAL:  lock file "postmaster.pid" already exists\n' +
          'postmaster|F0000|HINT:  Is another postmaster (PID 7) running?',
      },
      /Another PostgreSQL still uses.*says: FATAL: lock file "postmaster.pid" already exists\)/,
    ],
    [
      {
        output:
          'postmaster|XX000|FATAL:  could not map anonymous shared memory: Cannot allocate memory',
      },
      /not enough memory/,
    ],
    [
      { output: 'postmaster|F0000|FATAL:  data directory "/x" has wrong ownership' },
      /Ownership or permissions were changed/,
    ],
    [{ output: 'postmaster|XX000|PANIC:  something new' }, /did not start.*PANIC: something new/],
    [{ output: '' }, /^The embedded PostgreSQL did not start\. Or set DATABASE_URL/],
  ]
  for (const [failure, expected] of cases) {
    const { message } = explainFailure(failure, place)
    assert.match(message, expected)
    assert.match(message, /Or set DATABASE_URL to use a PostgreSQL server of your own\.$/)
  }
})

test('messages of the database are logged by severity, except those that clients caused', () => {
  const cases: [string, string | null][] = [
    ['postmaster|00000|LOG:  starting PostgreSQL 18.4 on x86_64', null],
    ['startup|00000|LOG:  database system was shut down at 2026-01-01 00:00:00 UTC', null],
    ['startup|00000|LOG:  database system was interrupted; last known up at 2026', 'info'],
    ['checkpointer|58030|ERROR:  could not fsync file "base/1/2"', 'error'],
    ['autovacuum worker|01000|WARNING:  something', 'warn'],
    ['client backend|23505|ERROR:  duplicate key value violates unique constraint', null],
    ['client backend|53100|ERROR:  could not extend file: No space left on device', 'error'],
    ['client backend|XX000|PANIC:  could not write to file', 'error'],
    ['client backend|57P03|FATAL:  the database system is starting up', null],
    ['error while loading shared libraries: libicuuc.so.60', 'warn'],
    ['', null],
  ]
  for (const [line, expected] of cases) {
    assert.equal(entryOf(line)?.severity ?? null, expected, line)
  }
})

test('a lock has one holder, and is free after its process is killed', async (t) => {
  const path = join(temporaryDir(t), 'some.lock')
  assert.equal(isLocked(path), false)
  const module = JSON.stringify(join(import.meta.dirname, 'lock.ts'))
  const script = `
    const { takeLock } = await import(${module})
    takeLock(${JSON.stringify(path)})
    console.log('held')
    setInterval(() => {}, 1000)`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script]
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  assert.equal(isLocked(path), true)
  assert.equal(takeLock(path), null)
  const ended = once(holder, 'exit')
  holder.kill('SIGKILL')
  await ended
  const release = takeLock(path)
  assert.ok(release)
  assert.equal(takeLock(path), null)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  release()
  release()
  assert.equal(isLocked(path), false)
})

test('programs that the user cannot execute are copied once, completely, and again if damaged', (t) => {
  const directory = temporaryDir(t)
  const root = join(directory, 'native')
  const files = ['bin/initdb', 'bin/postgres', 'lib/libx.so.1.2', 'lib/postgresql/a.so']
  for (const name of [...files, 'share/postgresql/b.sql', 'lib/libx.a', 'include/c.h']) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), name, { mode: 0o600 })
  }
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }]
  writeFileSync(join(root, 'pg-symlinks.json'), JSON.stringify(links))
  const packaged = { root, version: '18.4.0', major: '18' }
  const user = { uid: 64999, gid: 64999, switched: true }
  const parent = join(directory, 'home')
  mkdirSync(parent)

  const copy = runnableBinaries(packaged, user, parent)
  assert.equal(copy, join(parent, 'binaries-18.4.0'))
  assert.equal(readlinkSync(join(copy, 'lib/libx.so.1')), 'libx.so.1.2')
  assert.equal(statSync(join(copy, 'bin/postgres')).mode & 0o777, 0o755)
  assert.equal(statSync(join(copy, 'lib/postgresql')).mode & 0o777, 0o755)
  assert.throws(() => statSync(join(copy, 'lib/libx.a')))
  assert.throws(() => statSync(join(copy, 'include')))
  const inode = statSync(copy).ino
  assert.equal(runnableBinaries(packaged, user, parent), copy)
  assert.equal(statSync(copy).ino, inode)

  truncateSync(join(copy, 'bin/postgres'))
  assert.equal(runnableBinaries(packaged, user, parent), copy)
  assert.equal(readFileSync(join(copy, 'bin/postgres'), 'utf8'), 'bin/postgres')
})

test('a data directory of root is opened for the database only if all its files are of Bursar', (t) => {
  const user = { uid: 64999, gid: 64999, switched: true }
  const modeWith = (...names: string[]): number => {
    const directory = join(temporaryDir(t), 'data')
    chmodSync(dirname(directory), 0o755)
    mkdirSync(directory, { mode: 0o700 })
    for (const name of names) writeFileSync(join(directory, name), '', { mode: 0o600 })
    allowTraversal(directory, user)
    return statSync(directory).mode & 0o777
  }
  const opened = process.getuid?.() === 0 ? 0o710 : 0o700
  assert.equal(modeWith('api-key', 'secret-key', 'bursar.lock', 'lost+found'), opened)
  assert.equal(modeWith('api-key', 'notes.txt'), 0o700)
})
