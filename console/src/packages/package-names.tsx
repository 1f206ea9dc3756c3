import { useAddresses } from '../address-state.ts'
import { LinkTo } from '../ui/page.tsx'
import { Id, Name, None } from '../ui/text.tsx'
import type { PackageKind } from './operations.ts'
import type { Peers } from './use-packages.ts'
import type { ChangePart, FieldPair, FieldValue } from './version-fields.ts'
import { changeParts } from './version-fields.ts'

/** A plan or an add-on by its name, which leads to it. */
export function PackageLink(props: {
  kind: PackageKind
  id: string
  nameOf: (id: string) => string | null
}) {
  const { kind, id, nameOf } = props
  const addresses = useAddresses()
  const name = nameOf(id)
  return (
    <>
      <LinkTo address={addresses[kind](id)}>
        <Name name={name} id={id} />
      </LinkTo>{' '}
      {name !== null && <Id>{id}</Id>}
    </>
  )
}

/** The value of a field of a version. */
export function FieldText({ value, peers }: { value: FieldValue | null; peers: Peers }) {
  if (value === null) return <None />
  if ('text' in value)
    return value.text === null ? <None /> : <Name name={value.text} id={value.text} />
  if (value.ids.length === 0) return <None />
  return value.ids.map((id) => (
    <div key={id}>
      <PackageLink kind={value.of} id={id} nameOf={peers[value.of].nameOf} />
    </div>
  ))
}

/** What a change does with a field, in words. */
export const ChangeText = ({ pair, peers }: { pair: FieldPair; peers: Peers }) =>
  changeParts(pair).map((part) => (
    <div key={`${part.words} ${keyOf(part)}`}>
      {part.words} <PartValue part={part} peers={peers} />
    </div>
  ))

const keyOf = ({ value }: ChangePart): string =>
  value !== undefined && 'id' in value ? value.id : ''

function PartValue({ part: { value }, peers }: { part: ChangePart; peers: Peers }) {
  if (value === undefined) return null
  if ('text' in value)
    return (
      <strong>
        <Name name={value.text} id={value.text} />
      </strong>
    )
  const name = peers[value.of].nameOf(value.id)
  return (
    <>
      <strong>
        <Name name={name} id={value.id} />
      </strong>{' '}
      {name !== null && <Id>{value.id}</Id>}
    </>
  )
}
