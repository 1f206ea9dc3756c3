import { type OperationCall, RESERVED_ID } from './types.ts'

type PathOwner = { readonly path: string }

/** Returns whether a request uses the reservation of the previous one. */
const goesOn = ({ path }: PathOwner): boolean => path.includes(RESERVED_ID)

/** Returns the first unit of a lane: a request, and the requests that use its response. */
export const firstWhole = <T extends PathOwner>(lane: readonly T[]): readonly T[] => {
  const end = lane.findIndex((each, index) => index > 0 && !goesOn(each))
  return end === -1 ? lane : lane.slice(0, end)
}

/** Returns the number of requests in a unit. It is the same for all units of a scenario. */
export const requestsOfOne = (lanes: readonly (readonly PathOwner[])[]): number =>
  Math.max(1, firstWhole(lanes[0] ?? []).length)

/** Returns the id of the reservation in a response, or null. */
export const reservedIn = (answer: unknown): string | null =>
  (answer as { data?: { reservation?: { id?: string } } } | undefined)?.data?.reservation?.id ??
  null

/** Returns the path with the id of a reservation. */
export function pathWith(path: string, reserved: string | null): string {
  if (!path.includes(RESERVED_ID)) return path
  if (reserved === null) throw new Error(`${path}: the answer before it has no reservation`)
  return path.replace(RESERVED_ID, reserved)
}

/** Returns the call with the id of a reservation. */
export const callWith = (call: OperationCall, reserved: string | null): OperationCall => ({
  ...call,
  ...(call.params !== undefined && {
    params: Object.fromEntries(
      Object.entries(call.params).map(([name, value]) => [name, pathWith(value, reserved)]),
    ),
  }),
})
