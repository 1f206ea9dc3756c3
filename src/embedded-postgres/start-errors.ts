const ALTERNATIVE = 'Or set DATABASE_URL to use a PostgreSQL server of your own.'

/** The embedded database cannot start. The message gives the reason and what to do. */
export class EmbeddedStartError extends Error {
  override readonly name = 'EmbeddedStartError'

  /** `reason` is one or two full sentences, possibly in several lines. */
  constructor(reason: string | string[], options?: ErrorOptions) {
    super([reason, ALTERNATIVE].flat().join(' '), options)
  }
}

/** How a PostgreSQL program failed. */
export type Failure = {
  /** The `errno` code if the program could not be started, such as `ENOENT`. */
  spawnCode?: string | undefined
  /** The last lines of its stderr. */
  output: string
}

/** The cluster and the user of the failed program, for the message. */
export type Place = { clusterDir: string; uid: number }

/** Returns the error for a failure of `initdb` or `postgres`. It also quotes PostgreSQL. */
export function explainFailure(failure: Failure, place: Place): EmbeddedStartError {
  const spawned = failure.spawnCode ? spawnSentence(failure.spawnCode, place) : null
  return new EmbeddedStartError(spawned ?? outputSentence(failure.output, place))
}

function spawnSentence(code: string, place: Place): string {
  // The binary exists; that was checked. What is missing is the loader that it refers to.
  if (code === 'ENOENT') {
    return 'The embedded PostgreSQL needs a Linux system with glibc, which Alpine (musl) is not.'
  }
  if (code === 'EPERM' || code === 'EINVAL') {
    const reason = `PostgreSQL does not run as root, and this root may not become user ${place.uid}`
    return `${reason}: start Bursar as an ordinary user.`
  }
  if (code === 'EACCES') {
    return 'The embedded PostgreSQL may not be executed: its disk may be mounted "noexec".'
  }
  return `The embedded PostgreSQL could not be started (${code}).`
}

const KNOWN: readonly [RegExp, (place: Place) => string][] = [
  [
    /no space left on device|disk quota exceeded/i,
    (place) => `There is no room left on the disk for the database in ${place.clusterDir}.`,
  ],
  [
    /read-only file system/i,
    (place) => `The database in ${place.clusterDir} is on a read-only file system.`,
  ],
  [
    /could not look up effective user id/i,
    (place) =>
      `PostgreSQL needs a user with a name, and user id ${place.uid} has none in /etc/passwd.`,
  ],
  [
    /lock file .* already exists|pre-existing shared memory block/i,
    (place) => `Another PostgreSQL still uses the database in ${place.clusterDir}.`,
  ],
  [
    /cannot allocate memory|out of memory/i,
    () => 'There is not enough memory for the embedded PostgreSQL.',
  ],
  [
    /wrong ownership|invalid permissions|permission denied/i,
    (place) =>
      `Ownership or permissions were changed in ${place.clusterDir}, which is user ${place.uid}'s.`,
  ],
]

function outputSentence(output: string, place: Place): string {
  const known = KNOWN.find(([pattern]) => pattern.test(output))
  const sentence = known?.[1](place) ?? 'The embedded PostgreSQL did not start.'
  const quoted = errorLineOf(output)
  return quoted ? `${sentence} (PostgreSQL says: ${quoted})` : sentence
}

/** Returns the last line with an error, or the last line if there is none. */
function errorLineOf(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const found = lines.findLast((line) => /(PANIC|FATAL|ERROR|error):/.test(line)) ?? lines.at(-1)
  return (found ?? '').replace(/^.*?((PANIC|FATAL|ERROR):)/, '$1').replace(/\s+/g, ' ')
}
