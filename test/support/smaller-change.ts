import { type Quantity, wholeUnits } from '../../src/kernel/quantity.ts'

/**
 * Returns what a change of a requested usage or of a limit would lead to if it were smaller by one
 * unit; null if there is no such number. To be denied needs a larger request or a smaller limit, to
 * be granted the reverse.
 */
export function smallerChange(
  { change, to }: { change: string; to: Quantity | null },
  isGranted: boolean,
): Quantity | null {
  if (to === null) return null
  const isGrowing = isGranted === (change === 'requestedUsage')
  const smaller = to + (isGrowing ? -wholeUnits(1) : wholeUnits(1))
  return smaller < 0n ? null : smaller
}
