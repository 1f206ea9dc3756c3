import { tooManyRequests, unavailable } from '../../kernel/errors.ts'
import { type Cache, createCache } from '../cache/index.ts'

/** Something that waits to be committed along with others. */
export type QueueEntry = {
  /** Only entries of one lane share a group: the environment. */
  lane: string
  /** Whose state it works on: no two groups that run at once touch the same. */
  touches: readonly string[]
  /** Its share of a group, in records, at least 1. */
  records: number
  /** Its share of the memory, in bytes or what is near to them. */
  bytes: number
}

/** What became of an entry: its own doing, whatever its neighbours did. */
export type Outcome<Answer> = { answer: Answer } | { refusal: unknown }

export type BatchWork<E, Answer> = (group: readonly E[]) => Promise<readonly Outcome<Answer>[]>

export type BatchLimits = {
  /** Groups that run at once. */
  groups: number
  /** Entries that must wait before a group begins beside others, for `COMPANY_MS` at most. */
  company: number
  /** Records of a group; a single entry may have more. */
  records: number
  /** Records that one owner gets in turn while others wait. */
  turnRecords: number
  /** How many groups may pass over an entry that touches several because one of them is busy. */
  patience: number
  /** What may wait: of one owner, and of all. */
  waitingOfOwner: number
  waiting: number
  waitingBytes: number
}

/** What the error of a group means. */
export type RetryPolicy = {
  /** Whether none of the group would fare better by itself. */
  isHopeless: (error: unknown) => boolean
  /** Whether it has waited in vain for what somebody else has locked. */
  isLock: (error: unknown) => boolean
}

export type BatchQueue<E, Answer> = {
  /**
   * Answers once the group of the entry has been committed. 429 when too many of its owner wait,
   * 503 when too much waits altogether; then nothing has happened.
   */
  submit(entry: E): Promise<Answer>
}

type QueuedRequest<E, Answer> = {
  entry: E
  owner: string
  passedOver: number
  /**
   * After its group has failed, so that none but it fails again: in a group by itself, or with
   * others of its owner, who wait for the same lock.
   */
  apart: 'entry' | 'owner' | null
  settle: (outcome: Outcome<Answer>) => void
}

/**
 * Forms groups of what arrives while others are being committed, so that all of a group share the
 * cost of a transaction. What arrives at an idle queue is begun at once. While a group runs, what
 * arrives waits for its end, or until enough waits for a group of its own: many small groups cost
 * more than few. Owners take turns, so that one who sends much does not keep the others waiting.
 * `work` answers for each entry; when it throws, each of the group is tried again by itself, unless
 * that is hopeless. What fails for a lock is tried again owner by owner, and who turns out to be
 * locked fails as a whole, and gets no company until it has succeeded: each try takes as long as a
 * lock is waited for.
 */
export function createBatchQueue<E extends QueueEntry, Answer>(
  limits: BatchLimits,
  work: BatchWork<E, Answer>,
  failures: RetryPolicy,
): BatchQueue<E, Answer> {
  const owners: Owners<E, Answer> = new Map()
  const busy = new Map<string, number>()
  const locked = createCache<boolean>(LOCKED)
  let running = 0
  let waiting = 0
  let waitingBytes = 0

  const start = (company = limits.company) => {
    while (running < limits.groups && (running === 0 || waiting >= company)) {
      const group = nextGroup(owners, { busy, locked }, limits)
      if (group.length === 0) return
      for (const { entry } of group) {
        waiting -= 1
        waitingBytes -= entry.bytes
      }
      void run(group)
    }
    if (waiting > 0 && running < limits.groups) startLate()
  }
  const startLate = later(() => start(1))

  const run = async (group: readonly QueuedRequest<E, Answer>[]) => {
    running += 1
    mark(busy, group, 1)
    const { again, isLocked } = await commit(group, work, failures)
    const owner = onlyOwner(group)
    if (owner !== null) locked.set(owner, isLocked)
    mark(busy, group, -1)
    running -= 1
    for (const each of again.toReversed()) enqueue(each)
    start()
  }

  const enqueue = (each: QueuedRequest<E, Answer>) => {
    waiting += 1
    waitingBytes += each.entry.bytes
    const queue = owners.get(each.owner)
    if (queue === undefined) owners.set(each.owner, [each])
    else if (each.apart !== null) queue.unshift(each)
    else queue.push(each)
  }

  return {
    submit: async (entry) => {
      const owner = ownerOf(entry)
      const waitingOfOwner = owners.get(owner)?.length ?? 0
      refuseWhenFull({ waiting, waitingBytes, waitingOfOwner }, entry, limits)
      const outcome = await new Promise<Outcome<Answer>>((settle) => {
        enqueue({ entry, owner, passedOver: 0, apart: null, settle })
        start()
      })
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.answer
    },
  }
}

type Waits = Pick<BatchLimits, 'waiting' | 'waitingBytes' | 'waitingOfOwner'>

function refuseWhenFull(now: Waits, { bytes, touches }: QueueEntry, limits: Waits): void {
  if (now.waiting >= limits.waiting || now.waitingBytes + bytes > limits.waitingBytes)
    throw unavailable('too many reports wait to be written')
  if (touches.length === 1 && now.waitingOfOwner >= limits.waitingOfOwner)
    throw tooManyRequests('too many reports of this customer wait to be written', {
      'retry-after': '1',
    })
}

/** Queues by owner, in the order of their turns. None is empty. */
type Owners<E, Answer> = Map<string, QueuedRequest<E, Answer>[]>

/** Entries that touch several share one owner: there are too many combinations to take turns. */
const ownerOf = ({ lane, touches }: QueueEntry): string =>
  `${lane} ${touches.length === 1 ? touches[0] : ''}`

/** Does something after `COMPANY_MS`, once for all who ask for it until then. */
function later(work: () => void): () => void {
  let isComing = false
  return () => {
    if (isComing) return
    isComing = true
    setTimeout(() => {
      isComing = false
      work()
    }, COMPANY_MS)
  }
}

/** Milliseconds that an entry waits for company beside a group that may take very long. */
const COMPANY_MS = 20

/** Owners of whom it is known whether they are locked. */
const LOCKED = 10_000

/** Those that have to be tried again; or whether the group has failed for good, by a lock. */
async function commit<E extends QueueEntry, Answer>(
  group: readonly QueuedRequest<E, Answer>[],
  work: BatchWork<E, Answer>,
  { isHopeless, isLock }: RetryPolicy,
): Promise<{ again: readonly QueuedRequest<E, Answer>[]; isLocked: boolean }> {
  try {
    const outcomes = await work(group.map(({ entry }) => entry))
    group.forEach(({ settle }, index) => {
      settle(outcomes[index] ?? { refusal: new Error('an entry of a group was left out') })
    })
    return { again: [], isLocked: false }
  } catch (error) {
    const isLocked = isLock(error)
    if (group.length > 1 && !isHopeless(error) && !(isLocked && onlyOwner(group) !== null)) {
      const apart = (each: QueuedRequest<E, Answer>) =>
        isLocked && each.apart === null && each.entry.touches.length === 1 ? 'owner' : 'entry'
      return { again: group.map((each) => ({ ...each, apart: apart(each) })), isLocked: false }
    }
    for (const { settle } of group) settle({ refusal: error })
    return { again: [], isLocked }
  }
}

/** Whose state alone a group works on; null where it is several's. */
const onlyOwner = <E extends QueueEntry>(
  group: readonly { owner: string; entry: E }[],
): string | null => {
  const [first] = group
  const isOne = group.every(
    ({ owner, entry }) => owner === first?.owner && entry.touches.length === 1,
  )
  return isOne ? (first?.owner ?? null) : null
}

function mark<E extends QueueEntry>(
  busy: Map<string, number>,
  group: readonly { entry: E }[],
  by: number,
): void {
  for (const { entry } of group)
    for (const touched of entry.touches) {
      const count = (busy.get(touched) ?? 0) + by
      if (count === 0) busy.delete(touched)
      else busy.set(touched, count)
    }
}

/**
 * Takes what the next group is made of. Owners come in turn as long as there is room; who was
 * served goes to the end. An entry that touches what a running group does is passed over, with all
 * that its owner has behind it. One that touches several is not for ever: there may never be a time
 * when none of them is busy. Then it is taken all the same, and waits in the database.
 */
function nextGroup<E extends QueueEntry, Answer>(
  owners: Owners<E, Answer>,
  { busy, locked }: { busy: ReadonlyMap<string, number>; locked: Cache<boolean> },
  limits: BatchLimits,
): QueuedRequest<E, Answer>[] {
  const group: QueuedRequest<E, Answer>[] = []
  const passed = new Map<string, QueuedRequest<E, Answer>>()
  let room = limits.records
  const isApart = ({ owner, apart }: QueuedRequest<E, Answer>) =>
    apart === 'owner' || locked.get(owner) === true
  const fits = (next: QueuedRequest<E, Answer>): boolean => {
    const first = group[0]
    if (first === undefined) return true
    if (first.apart === 'entry' || next.apart === 'entry') return false
    if (first.owner !== next.owner && (isApart(first) || isApart(next))) return false
    return first.entry.lane === next.entry.lane && next.entry.records <= room
  }
  for (let taken = -1; taken !== group.length; ) {
    taken = group.length
    for (const [owner, queue] of [...owners]) {
      if (passed.has(owner)) continue
      const before = group.length
      let turn = limits.turnRecords
      for (let next = queue[0]; next !== undefined && turn > 0 && fits(next); next = queue[0]) {
        if (isBlocked(next, busy, limits)) {
          passed.set(owner, next)
          break
        }
        queue.shift()
        group.push(next)
        room -= next.entry.records
        turn -= next.entry.records
      }
      if (group.length > before) toTheEnd(owners, owner, queue)
    }
  }
  if (group.length > 0) for (const next of passed.values()) next.passedOver += 1
  return group
}

function toTheEnd<E, Answer>(
  owners: Owners<E, Answer>,
  owner: string,
  queue: QueuedRequest<E, Answer>[],
): void {
  owners.delete(owner)
  if (queue.length > 0) owners.set(owner, queue)
}

const isBlocked = <E extends QueueEntry, Answer>(
  { entry, passedOver }: QueuedRequest<E, Answer>,
  busy: ReadonlyMap<string, number>,
  { patience }: BatchLimits,
): boolean =>
  (entry.touches.length === 1 || passedOver < patience) &&
  entry.touches.some((touched) => busy.has(touched))
