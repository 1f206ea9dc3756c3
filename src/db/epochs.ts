/** A stretch of time in which all sessions lead to one database. Told apart by identity. */
export type Epoch = object

export type Epochs = {
  current(): Epoch
  /** Takes note of which database a session leads to. Another one than before begins an epoch. */
  saw(database: string): void
  /** Calls back whenever an epoch begins, until what it answers is called. */
  onNew(begun: () => void): () => void
}

/**
 * What a server remembers is of one database. After a fail-over sessions lead to another one, which
 * may have lost some of what is remembered: each database that shows up begins an epoch, that of
 * before too, should it come back.
 */
export function createEpochs(): Epochs {
  let known: string | null = null
  let current: Epoch = {}
  const listening = new Set<() => void>()
  return {
    current: () => current,
    saw: (database) => {
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

/**
 * What is remembered of a database, made anew in each epoch. Whoever asks for it before he reads
 * can put nothing of a former epoch into that of a later one.
 */
export function perEpoch<T>(make: () => T): (of: { epochs: Pick<Epochs, 'current'> }) => T {
  const made = new WeakMap<Epoch, T>()
  return ({ epochs }) => {
    const epoch = epochs.current()
    const known = made.get(epoch)
    if (known !== undefined) return known
    const own = make()
    made.set(epoch, own)
    return own
  }
}
