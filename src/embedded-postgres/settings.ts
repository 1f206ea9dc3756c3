import { chmodSync, renameSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Location } from './location.ts'
import { clusterName } from './processes.ts'

/** The one role and the one database of an embedded cluster. */
export const ROLE = 'bursar'
export const DATABASE = 'bursar'
/** Names the socket only; no TCP port is ever opened. */
export const PORT = 5432

/** How the lines on stderr begin: type of process, SQLSTATE, then the severity. */
const LINE_PREFIX = '%b|%e|'

/**
 * What an operator may override with `alter system`: a server beside its application on a small
 * machine. Everything that durability hangs on is a flag instead (`flagsOf`) and cannot be.
 */
const TUNABLES: Readonly<Record<string, string>> = {
  shared_buffers: '128MB',
  // The server's own pool is far smaller; the rest is for other servers and for the operator.
  max_connections: '50',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '0',
  autovacuum_worker_slots: '3',
  // Asynchronous reads would cost three more processes; the working set stays in memory.
  io_method: 'sync',
  jit: 'off',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  // Bursts of writes: the log may grow before a checkpoint is forced, and full pages are packed.
  max_wal_size: '1GB',
  wal_compression: 'pglz',
  checkpoint_timeout: '5min',
  max_wal_senders: '2',
  max_logical_replication_workers: '0',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

/** Writes the files that PostgreSQL reads beside the cluster, anew at each start. */
export function writeSettings(location: Location): void {
  const lines = Object.entries(TUNABLES).map(([name, value]) => `${name} = ${quoted(value)}`)
  const include = `include = ${quoted(join(location.clusterDir, 'postgresql.conf'))}`
  writeFile(location, 'postgresql.conf', [include, ...lines])
  writeFile(location, 'pg_hba.conf', [`local all,replication all ${methodFor(location)}`])
  writeFile(location, 'pg_ident.conf', [`bursar ${quotedName(serverUserName() ?? ROLE)} ${ROLE}`])
}

/** The arguments of `postgres`. Flags rank above every file, `alter system` included. */
export function flagsOf(location: Location, socketDir: string): string[] {
  const settings: Record<string, string> = {
    config_file: join(location.home, 'postgresql.conf'),
    hba_file: join(location.home, 'pg_hba.conf'),
    ident_file: join(location.home, 'pg_ident.conf'),
    cluster_name: clusterName(location.clusterDir),
    listen_addresses: '',
    port: String(PORT),
    // A list of paths, so that one with a comma needs quotes of its own.
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
 * Only the owner of the socket's directory and root can reach the socket. When the database runs
 * as 65534, other programs may run as that user too: then the kernel's word on who is calling
 * decides, and only the server's own user, root, is let in.
 */
function methodFor(location: Location): string {
  return location.user.switched && serverUserName() ? 'peer map=bursar' : 'trust'
}

/** Null in a container whose `/etc/passwd` does not know the user. */
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
  // The database's user reads them, and only it and the server can enter the directory.
  chmodSync(`${path}.tmp`, 0o644)
  renameSync(`${path}.tmp`, path)
}

function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
