import { type Quantity, wholeUnits } from '../../src/kernel/quantity.ts'

/**
 * Returns the number to which a requested usage or a limit would change if the change were smaller
 * by one unit, or null if that is below 0. A granted request is denied with a larger request or a
 * smaller limit. A denied one is granted with a smaller request or a larger limit.
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
