import type { AuditEntry } from '../../../src/api.gen.ts'
import { Id, ShortId } from '../ui/text.tsx'
import { ACTORS } from './texts.ts'

/** Who changed something. There is only one server, so its id says nothing. */
export function ActorName(props: { actor: AuditEntry['actor']; isWhole?: boolean }) {
  const { kind, id } = props.actor
  return (
    <>
      {ACTORS[kind]}{' '}
      {kind !== 'SYSTEM' && (props.isWhole ? <Id>{id}</Id> : <ShortId>{id}</ShortId>)}
    </>
  )
}
