import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type AnswerOf, call, type OperationId, type RequestOf } from './call.ts'
import { useSession } from './session.tsx'

/** How often what is shown is read again, in milliseconds. Nothing is read in a hidden tab. */
export const EVERY = { panel: 5_000, list: 15_000, total: 60_000 } as const

export type ReadOptions = {
  everyMs?: number
  /** False: nothing is read yet. */
  isOn?: boolean
  /**
   * False for what fills a form: it is forgotten with the component. A write closes the form before
   * anything is read again, so the next form would begin with the former state.
   */
  isKept?: boolean
}

/**
 * Reads an operation, and repeats that while the component is shown. Until a new response arrives,
 * the last one is returned.
 */
export function useRead<Id extends OperationId>(
  id: Id,
  request: RequestOf<Id>,
  options: Omit<ReadOptions, 'everyMs'> & {
    /** May depend on what was read last. */
    everyMs?: number | ((answer: AnswerOf<Id> | undefined) => number)
  } = {},
) {
  const { everyMs = EVERY.list, isOn = true, isKept = true } = options
  const { caller, environment } = useSession()
  return useQuery({
    queryKey: [environment, id, request],
    queryFn: ({ signal }): Promise<AnswerOf<Id>> => call(caller, id, request, { signal }),
    enabled: isOn,
    refetchInterval: typeof everyMs === 'number' ? everyMs : ({ state }) => everyMs(state.data),
    placeholderData: (former, query) => formerOf(former, query, request),
    ...(!isKept && { gcTime: 0 }),
  })
}

/** After a change of filters the former rows stay, dimmed. Data of another object does not stay. */
function formerOf<Answer>(
  former: Answer | undefined,
  query: { queryKey: readonly unknown[] } | undefined,
  request: { params?: object | undefined },
): Answer | undefined {
  const last = query?.queryKey.at(-1) as { params?: object } | undefined
  return JSON.stringify(last?.params) === JSON.stringify(request.params) ? former : undefined
}

type Page<Row> = { data: Row[]; pagination: { next: string | null } }
/** The operations that return pages. */
export type ListId = {
  [Id in OperationId]: AnswerOf<Id> extends Page<unknown> ? Id : never
}[OperationId]
export type RowOf<Id extends ListId> = AnswerOf<Id> extends Page<infer Row> ? Row : never

/** Rows of one request. */
export const PAGE_SIZE = 50
/** The most pages of a list in one view. A filter finds what comes after them. */
export const MOST_PAGES = 20

/** Reads a list page by page, as far as the reader asks for more. */
export function useList<Id extends ListId>(
  id: Id,
  request: RequestOf<Id>,
  { everyMs = EVERY.list, isOn = true }: ReadOptions = {},
) {
  const { caller, environment } = useSession()
  const list = useInfiniteQuery({
    queryKey: [environment, id, 'pages', request],
    queryFn: async ({ pageParam, signal }): Promise<Page<RowOf<Id>>> => {
      const query = { limit: PAGE_SIZE, ...request.query, ...(pageParam && { after: pageParam }) }
      const answer: Page<unknown> = await call<ListId>(
        caller,
        id,
        { ...request, query } as RequestOf<ListId>,
        { signal },
      )
      return { ...answer, data: answer.data as RowOf<Id>[] }
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ pagination }, pages) =>
      pages.length < MOST_PAGES ? pagination.next : null,
    enabled: isOn,
    refetchInterval: everyMs,
    placeholderData: (former, query) => formerOf(former, query, request),
  })
  return {
    ...list,
    rows: list.data?.pages.flatMap(({ data }) => data),
    /** The first page, with what it has besides rows. */
    first: list.data?.pages[0] as AnswerOf<Id> | undefined,
  }
}
