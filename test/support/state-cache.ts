import { randomUUID } from 'node:crypto'
import type { StateCache } from '../../src/engine/cache/index.ts'
import { randomFrom } from './random.ts'

/**
 * Returns the configuration of `BURSAR_TEST_STATE_CACHE_BYTES`, for servers in this process and for
 * those that a test starts. A test that depends on what is in memory sets the size itself.
 */
export function stateCacheSettings(): Record<string, string> {
  const bytes = process.env.BURSAR_TEST_STATE_CACHE_BYTES
  return bytes === undefined ? {} : { BURSAR_STATE_CACHE_MB: (Number(bytes) / 2 ** 20).toFixed(6) }
}

/**
 * With `BURSAR_TEST_EVICTIONS`, loses the state of a customer at so many percent of the look-ups,
 * even between two steps of one check or batch. A small cache alone seldom does that: it loses the
 * states of customers that are not in use.
 */
export function loseStates(states: StateCache): void {
  const percent = Number(process.env.BURSAR_TEST_EVICTIONS ?? 0)
  if (percent === 0) return
  const seed = Number(process.env.BURSAR_TEST_SEED ?? Date.now() % 1_000_000)
  process.stdout.write(`BURSAR_TEST_SEED=${seed}\n`)
  const random = randomFrom(seed, 0)
  const { at, peek } = states
  const isLost = () => random.below(100) < percent
  // Nothing is stored under a new key, so its state is empty.
  states.at = (key, versions) => at(isLost() ? randomUUID() : key, versions)
  states.peek = (key) => (isLost() ? undefined : peek(key))
}
