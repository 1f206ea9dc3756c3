/** A period in which all sessions lead to the same database. Epochs are compared by identity. */
export type Epoch = object

export type Epochs = {
  current(): Epoch
  /** The database of the last session, as in `Look`. null: there was no session yet. */
  database(): string | null
  /** Notes the database of a session. If it differs from that of the last call, an epoch begins. */
  observe(database: string): void
  /** Calls `begun` whenever an epoch begins. Returns a function that stops these calls. */
  onNew(begun: () => void): () => void
}

/**
 * The caches of a server are valid for one database. After a fail-over, sessions lead to another
 * database, which may have lost changes that are in the caches. So each change of the database
 * begins an epoch. This includes a change back to an earlier database.
 */
export function createEpochs(): Epochs {
  let known: string | null = null
  let current: Epoch = {}
  const listening = new Set<() => void>()
  return {
    current: () => current,
    database: () => known,
    observe: (database) => {
      const before = known
      known = database
      if (before === null || before === database) return
      current = {}
      for (const begun of [...listening]) begun()
    },
    onNew: (begun) => {
      listening.add(begun)
      return () => listening.delete(begun)
    },
  }
}

type OfEpochs = { epochs: Pick<Epochs, 'current'> }

/**
 * Returns a function for a value, such as a cache, that is created anew in each epoch. Callers must
 * get the value before they read from the database. Then data of an earlier epoch never gets into
 * the value of a later one.
 */
export function perEpoch<T, Of extends OfEpochs = OfEpochs>(make: (of: Of) => T): (of: Of) => T {
  const made = new WeakMap<Epoch, T>()
  return (of) => {
    const epoch = of.epochs.current()
    const known = made.get(epoch)
    if (known !== undefined) return known
    const own = make(of)
    made.set(epoch, own)
    return own
  }
}
