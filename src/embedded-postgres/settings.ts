import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Location } from './location.ts'
import { clusterName } from './processes.ts'

/** The only role and the only database of an embedded cluster. */
export const ROLE = 'bursar'
export const DATABASE = 'bursar'
/** Only part of the socket's name. No TCP port is opened. */
export const PORT = 5432

/** The beginning of the lines on stderr: type of process and SQLSTATE. The severity follows. */
const LINE_PREFIX = '%b|%e|'

/**
 * Settings that an operator may override with `alter system`. They suit a small machine that also
 * runs the application. The settings for durability are flags instead (`flagsOf`) and cannot be
 * overridden.
 */
const TUNABLES: Readonly<Record<string, string>> = {
  shared_buffers: '128MB',
  // The server's own pool is much smaller. The rest is for other servers and for the operator.
  max_connections: '50',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '0',
  autovacuum_worker_slots: '3',
  // Asynchronous reads would need three more processes. The working set is in memory anyway.
  io_method: 'sync',
  jit: 'off',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  // For bursts of writes: the WAL may grow before it forces a checkpoint, and full pages in it are
  // compressed.
  max_wal_size: '1GB',
  wal_compression: 'pglz',
  checkpoint_timeout: '5min',
  max_wal_senders: '2',
  max_logical_replication_workers: '0',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

/** Writes the settings files, which are next to the cluster. Called at each start. */
export function writeSettings(location: Location): void {
  const lines = Object.entries(TUNABLES).map(([name, value]) => `${name} = ${quoted(value)}`)
  const include = `include = ${quoted(join(location.clusterDir, 'postgresql.conf'))}`
  writeFile(location, 'postgresql.conf', [include, ...lines])
  writeFile(location, 'pg_hba.conf', [`local all,replication all ${methodFor(location)}`])
  writeFile(location, 'pg_ident.conf', [`bursar ${quotedName(serverUserName() ?? ROLE)} ${ROLE}`])
}

/** Returns the arguments of `postgres`. Flags override all files and `alter system`. */
export function flagsOf(location: Location, socketDir: string): string[] {
  const settings: Record<string, string> = {
    config_file: join(location.home, 'postgresql.conf'),
    hba_file: join(location.home, 'pg_hba.conf'),
    ident_file: join(location.home, 'pg_ident.conf'),
    cluster_name: clusterName(location.clusterDir),
    listen_addresses: '',
    port: String(PORT),
    // This is a list of paths, so a path with a comma needs its own quotes.
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    autovacuum: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_line_prefix: LINE_PREFIX,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', location.clusterDir, ...flags]
}

/**
 * Returns the authentication method. Only the owner of the socket's directory and root can reach
 * the socket, so `trust` is enough if the owner is the server's own user. But other programs may
 * also run as user 65534. With `peer` the kernel tells PostgreSQL who connects, and only root is
 * accepted.
 */
function methodFor(location: Location): string {
  return location.user.switched && serverUserName() ? 'peer map=bursar' : 'trust'
}

/** Returns null if `/etc/passwd` does not contain the user, which happens in containers. */
function serverUserName(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}

function writeFile(location: Location, name: string, lines: string[]): void {
  const path = join(location.home, name)
  writeFileSync(`${path}.tmp`, `${lines.join('\n')}\n`)
  // The database's user must read the file. Only this user and the server can enter the directory.
  chmodSync(`${path}.tmp`, 0o644)
  renameSync(`${path}.tmp`, path)
}

function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
