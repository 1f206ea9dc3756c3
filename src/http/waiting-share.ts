import type { Bound, ByteShare } from './byte-share.ts'

/** Like `ByteShare`, but callers can wait for bytes. */
export type WaitingShare = {
  /**
   * Counts the bytes at once or when others have released enough. After the time limit, returns the
   * bound that was in the way.
   */
  take(owner: string, bytes: number): Promise<Bound | null>
  give(owner: string, bytes: number): void
}

type Waiter = { owner: string; bytes: number; settle: (bound: Bound | null) => void }

/**
 * A caller is refused at once if more than `waitingBytes` would wait in total, because waiting
 * responses occupy memory, too. Released bytes go to the first waiting caller whose bytes fit.
 */
export function createWaitingShare(
  share: ByteShare,
  { waitMs, waitingBytes }: { waitMs: number; waitingBytes: number },
): WaitingShare {
  const waiters = new Set<Waiter>()
  let waiting = 0
  const wait = (owner: string, bytes: number, bound: Bound) =>
    new Promise<Bound | null>((resolve) => {
      const timer = setTimeout(() => waiter.settle(bound), waitMs)
      const waiter: Waiter = {
        owner,
        bytes,
        settle: (outcome) => {
          clearTimeout(timer)
          waiters.delete(waiter)
          waiting -= bytes
          resolve(outcome)
        },
      }
      waiters.add(waiter)
      waiting += bytes
    })
  return {
    take: async (owner, bytes) => {
      const bound = share.take(owner, bytes)
      if (bound === null || waiting + bytes > waitingBytes) return bound
      return wait(owner, bytes, bound)
    },
    give: (owner, bytes) => {
      share.give(owner, bytes)
      for (const waiter of waiters)
        if (share.take(waiter.owner, waiter.bytes) === null) waiter.settle(null)
    },
  }
}
