/** Lets work of one name run one at a time in this process. */
export type OneAtATime = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** `late` makes the error of whoever has waited for longer than `waitMs`. */
export function createOneAtATime(waitMs: number, late: () => Error): OneAtATime {
  const running = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    if (running.has(name)) {
      let timer: NodeJS.Timeout | undefined
      const tooLate = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), waitMs)
      })
      try {
        // Of all that wait the first to look goes on; the others find it running.
        while (running.has(name)) await Promise.race([running.get(name), tooLate])
      } finally {
        clearTimeout(timer)
      }
    }
    const mine = work()
    running.set(
      name,
      mine.catch(() => {}),
    )
    try {
      return await mine
    } finally {
      running.delete(name)
    }
  }
}
