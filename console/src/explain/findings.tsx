import { Check } from 'lucide-react'
import type {
  EntitlementAllowance,
  EntitlementExplanation,
  EntitlementSource,
} from '../../../src/api.gen.ts'
import { formatNumber } from '../format.ts'
import { Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Chip, Id, None, ShortId, Time } from '../ui/text.tsx'

const KINDS: Readonly<Record<EntitlementSource['kind'], string>> = {
  PLAN: 'plan',
  PARENT_PLAN: 'parent plan',
  ADDON: 'add-on',
  SUBSCRIPTION: 'subscription',
  PROMOTIONAL: 'grant',
}

const SOURCES: readonly Column<EntitlementSource>[] = [
  {
    title: 'Source',
    cell: ({ kind, wins }) => (
      <>
        {KINDS[kind]}{' '}
        {wins && (
          <Chip tone="granted" icon={Check}>
            decides
          </Chip>
        )}
      </>
    ),
  },
  {
    title: 'Gives',
    cell: ({ contributes, quantity }) => (
      <>
        {contributes ? allowanceText(contributes) : <None>nothing</None>}
        {quantity > 1 && ` × ${quantity}`}
      </>
    ),
  },
  {
    title: 'Id',
    cell: ({ id, version }) => (
      <>
        <ShortId>{id}</ShortId> {version !== null && `v${version}`}
      </>
    ),
  },
]

function allowanceText(allowance: EntitlementAllowance): string {
  if (allowance.enumValues) return allowance.enumValues.join(', ')
  if (allowance.hasUnlimitedUsage) return 'no limit'
  if (allowance.usageLimit === null) return 'yes'
  return `${formatNumber(allowance.usageLimit)}${allowance.hasSoftLimit ? ', soft' : ''}`
}

/** What the answer was made of: sources, and dimensions that did not count. */
export function Findings({ answer }: { answer: EntitlementExplanation }) {
  const { sources, unresolved, unattributed } = answer
  return (
    <>
      {(unresolved.length > 0 || unattributed.length > 0) && (
        <Section title="Not counted">
          <ul>
            {unresolved.map((key) => (
              <li key={key}>
                <Id>{key}</Id> names no entity in this request.
              </li>
            ))}
            {unattributed.map(({ key, records, lastAt }) => (
              <li key={`before ${key}`}>
                <Id>{key}</Id> named no entity in {formatNumber(records)}{' '}
                {records === 1 ? 'record' : 'records'}, last <Time at={lastAt} />.
              </li>
            ))}
          </ul>
        </Section>
      )}
      {sources.length > 0 && (
        <Section title="Sources">
          <Table
            label="Sources"
            rows={sources}
            columns={SOURCES}
            keyOf={({ kind, id }) => `${kind} ${id}`}
          />
        </Section>
      )}
    </>
  )
}
