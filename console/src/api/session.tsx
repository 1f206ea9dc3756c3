import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo } from 'react'
import type { AnswerOf, Caller, OperationId } from './call.ts'
import { call } from './call.ts'
import { readCredential } from './credential.ts'
import { operations } from './operations.gen.ts'
import { rarely } from './queries.ts'

/** Who calls, in which environment, and what it may do there. */
export type Session = {
  readonly caller: Caller
  readonly environment: string
  readonly who: AnswerOf<'v1.whoami.retrieve'>['data']
  /** Null if the caller may use the operation, else a sentence that says why not. */
  whyNot(id: OperationId): string | null
}

const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('this component needs a session')
  return session
}

/** Reads who calls. The environment is null until it is known. */
export function useWhoami(environment: string | null) {
  return useQuery({
    queryKey: [environment, 'v1.whoami.retrieve'],
    queryFn: ({ signal }) =>
      call({ credential: readCredential(), environment }, 'v1.whoami.retrieve', {}, { signal }),
    select: ({ data }) => data,
    staleTime: 60_000,
    refetchInterval: rarely(300_000),
  })
}

export function SessionProvider(props: {
  environment: string
  who: Session['who']
  children: ReactNode
}) {
  const { environment, who, children } = props
  const session = useMemo((): Session => {
    const held = new Set(who.permissions)
    return {
      caller: { credential: readCredential(), environment },
      environment,
      who,
      whyNot: (id) => whyNot(held, { role: who.role, permission: operations[id].permission }),
    }
  }, [environment, who])
  return <SessionContext value={session}>{children}</SessionContext>
}

function whyNot(
  held: ReadonlySet<string>,
  { role, permission }: { role: string; permission: string },
): string | null {
  if (held.has(permission)) return null
  return `Your role, ${role}, lacks the permission ${permission}.`
}
