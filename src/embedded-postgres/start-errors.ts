const WAY_OUT = 'Or set DATABASE_URL to use a PostgreSQL server of your own.'

/** The embedded database cannot start. The message is for a person: a reason and the ways out. */
export class EmbeddedStartError extends Error {
  override readonly name = 'EmbeddedStartError'

  /** The reason is one or two full sentences, in lines; the way out is added here. */
  constructor(reason: string | string[], options?: ErrorOptions) {
    super([reason, WAY_OUT].flat().join(' '), options)
  }
}

/** What is known about a PostgreSQL program that failed. */
export type Failure = {
  /** `errno` code when the program could not be spawned at all, such as `ENOENT`. */
  spawnCode?: string | undefined
  /** What it wrote to stderr, or its last lines. */
  output: string
}

/** Where it failed, for the sentence. */
export type Place = { clusterDir: string; uid: number }

/** Turns the failure of `initdb` or `postgres` into a sentence; unknown ones quote PostgreSQL. */
export function explainFailure(failure: Failure, place: Place): EmbeddedStartError {
  const spawned = failure.spawnCode ? spawnSentence(failure.spawnCode, place) : null
  return new EmbeddedStartError(spawned ?? outputSentence(failure.output, place))
}

function spawnSentence(code: string, place: Place): string {
  // The binary is there (that was checked): what is missing is the loader it names.
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
  const quoted = tellingLine(output)
  return quoted ? `${sentence} (PostgreSQL says: ${quoted})` : sentence
}

/** The last line that names an error, else the last line at all. */
function tellingLine(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const telling = lines.findLast((line) => /(PANIC|FATAL|ERROR|error):/.test(line)) ?? lines.at(-1)
  return (telling ?? '').replace(/^.*?((PANIC|FATAL|ERROR):)/, '$1').replace(/\s+/g, ' ')
}
