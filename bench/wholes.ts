import { type OperationCall, RESERVED_ID } from './types.ts'

type PathOwner = { readonly path: string }

/** Whether something goes on with what the one before it made. */
const goesOn = ({ path }: PathOwner): boolean => path.includes(RESERVED_ID)

/** What is counted as one: a request, with those that go on with its answer. */
export const firstWhole = <T extends PathOwner>(lane: readonly T[]): readonly T[] => {
  const end = lane.findIndex((each, index) => index > 0 && !goesOn(each))
  return end === -1 ? lane : lane.slice(0, end)
}

/** How many requests are counted as one; all wholes of a scenario have as many. */
export const requestsOfOne = (lanes: readonly (readonly PathOwner[])[]): number =>
  Math.max(1, firstWhole(lanes[0] ?? []).length)

/** The id of the reservation in an answer; null for none. */
export const reservedIn = (answer: unknown): string | null =>
  (answer as { data?: { reservation?: { id?: string } } } | undefined)?.data?.reservation?.id ??
  null

/** A path that goes on with a reservation. */
export function pathWith(path: string, reserved: string | null): string {
  if (!path.includes(RESERVED_ID)) return path
  if (reserved === null) throw new Error(`${path}: the answer before it has no reservation`)
  return path.replace(RESERVED_ID, reserved)
}

/** A call that goes on with a reservation. */
export const callWith = (call: OperationCall, reserved: string | null): OperationCall => ({
  ...call,
  ...(call.params !== undefined && {
    params: Object.fromEntries(
      Object.entries(call.params).map(([name, value]) => [name, pathWith(value, reserved)]),
    ),
  }),
})
