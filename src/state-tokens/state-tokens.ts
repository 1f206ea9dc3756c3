import { createHash, createSecretKey } from 'node:crypto'
import type { App } from '../app.ts'
import { perEpoch, type Reader, readIdentity } from '../db/index.ts'
import { type Cache, createCache } from '../kernel/cache.ts'
import { badInput, unavailable } from '../kernel/errors.ts'
import { inHeader } from '../kernel/field.ts'
import { AT_LEAST, reaches, type Sequences, stateNotFound } from '../kernel/sequences.ts'
import { shareReads } from '../kernel/shared-reads.ts'
import type { CallState } from '../operation.ts'
import { contentOf, type TokenMaker, type TokenSubject, tokenOf } from './token.ts'

/** Returns the sequences of distinct customers, in order; those of an unknown one are 0. */
export type ReadSequences = (
  reader: Reader,
  customers: readonly TokenSubject[],
) => Promise<Sequences[]>

export type StateTokens = {
  /**
   * Begins a call about a customer. `sent` is the token that the caller sends; null for none. 400
   * `InvalidArgumentError` if it is not one of this database, environment and customer.
   */
  open(subject: TokenSubject, sent: string | null): Promise<StateOfCall>
  /** How many calls were refused because the database is behind their token. */
  refusals(): number
}

/** The state that a call requires, and the one that it shows. */
export type StateOfCall = {
  readonly call: CallState
  /** Returns the token of the state that was noted, or calls `currentToken` if none was noted. */
  notedToken(): Promise<string>
  /**
   * Returns the token of the state that was noted. If none was noted, it is that of the state that
   * the database has now, which includes everything that was read before. 503 if the caller has
   * seen a newer state, or if another database has replaced the one from which the call has read.
   */
  currentToken(): Promise<string>
}

/** The maximum number of customers whose sequences one statement reads. */
const CUSTOMERS_PER_READ = 1000

/** The latest signed state of a customer. */
type SignedState = { name: string; maker: TokenMaker; sequences: Sequences; token: string }

/** The maximum number and bytes of the signed states in memory. */
const SIGNED_STATES = 10_000
const SIGNED_BYTES = 8 * 1024 * 1024
/** The size of a signed state without its name, about. */
const SIGNED_STATE_BYTES = 300

const nameOf = ({ environmentKey, customerId }: TokenSubject): string =>
  `${environmentKey} ${customerId}`

const isSame = (one: Sequences, other: Sequences): boolean =>
  one.customer === other.customer && one.environment === other.environment

/** Creates the state tokens of an application's database. */
export function createStateTokens({ db }: Pick<App, 'db'>, read: ReadSequences): StateTokens {
  const { epochs } = db
  const makerNow = makers(db)
  const sequencesOf = shareReads((subjects: readonly TokenSubject[]) => read(db.read, subjects), {
    nameOf,
    most: CUSTOMERS_PER_READ,
  })
  const signed: Cache<string, SignedState> = createCache({
    max: SIGNED_STATES,
    maxBytes: SIGNED_BYTES,
    bytesOf: ({ name }) => SIGNED_STATE_BYTES + 2 * name.length,
  })
  let refusals = 0
  const tokenFor = async (subject: TokenSubject, sequences: Sequences): Promise<string> => {
    const maker = await makerNow()
    const name = nameOf(subject)
    const known = signed.get(name)
    if (known?.maker === maker && isSame(known.sequences, sequences)) return known.token
    const token = tokenOf(maker, subject, sequences)
    signed.set(name, { name, maker, sequences, token })
    return token
  }
  return {
    open: async (subject, sent) => {
      const begun = epochs.current()
      const required = sent === null ? null : requiredBy(sent, subject, await makerNow())
      const { atLeast = null, isOfThisHistory = true } = required ?? {}
      let verified: typeof begun | null = null
      let noted: Sequences | null = null
      let isRefused = false
      const require = (found: Sequences) => {
        if (atLeast === null || reaches(found, atLeast)) return
        // A batch may try the same request again.
        if (!isRefused) refusals += 1
        isRefused = true
        throw stateNotFound()
      }
      const current = async (): Promise<Sequences> => {
        const found = await sequencesOf(subject)
        require(found)
        return found
      }
      const currentToken = async () => {
        const found = noted ?? (await sequencesOf(subject))
        require(found)
        if (epochs.current() !== begun) throw replaced()
        return tokenFor(subject, found)
      }
      return {
        call: {
          atLeast,
          acceptsFromMemory: (found) =>
            atLeast === null || (isOfThisHistory && reaches(found, atLeast)),
          require,
          verify: async () => {
            if (atLeast === null) return
            verified = epochs.current()
            await current()
          },
          note: (shown) => {
            if (verified !== null && epochs.current() !== verified) throw replaced()
            noted = shown
          },
        },
        notedToken: async () => (noted === null ? currentToken() : tokenFor(subject, noted)),
        currentToken,
      }
    },
    refusals: () => refusals,
  }
}

const replaced = () =>
  unavailable('another database has replaced the one that this request has read; try again')

function requiredBy(sent: string, subject: TokenSubject, maker: TokenMaker) {
  const content = contentOf(maker, subject, sent)
  if (content === null)
    throw badInput(
      inHeader(AT_LEAST),
      `${AT_LEAST} must be a Bursar-State of the same database, environment and customer`,
      'InvalidArgumentError',
    )
  return { atLeast: content.sequences, isOfThisHistory: content.history === maker.history }
}

/** Returns a function that returns the maker of tokens. It reads the database once per epoch. */
function makers(db: App['db']): () => Promise<TokenMaker> {
  const ofEpoch = perEpoch((): { reading: Promise<TokenMaker> | null } => ({ reading: null }))
  return () => {
    const slot = ofEpoch(db)
    slot.reading ??= readIdentity(db.read)
      .then(({ databaseId, signingKey }) => ({
        databaseId,
        signingKey: createSecretKey(signingKey),
        history: historyOf(db.epochs.database() ?? ''),
      }))
      .catch((error) => {
        slot.reading = null
        throw error
      })
    return slot.reading
  }
}

/**
 * Returns a number for the present run of a database server. After a fail-over, sequences count
 * other changes than before. A server that has not noticed it yet still has the old state in
 * memory. So a token of another run is not compared with what is in memory.
 */
const historyOf = (database: string): number =>
  createHash('sha256').update(database).digest().readUInt32BE(0)
