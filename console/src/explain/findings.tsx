import type { EntitlementExplanation } from '../../../src/api.gen.ts'
import { formatNumber } from '../format.ts'
import { Section } from '../ui/page.tsx'
import { Id, Time } from '../ui/text.tsx'
import { Sources } from './sources.tsx'

/** What the answer was made of: sources, and dimensions that did not count. */
export function Findings(props: { answer: EntitlementExplanation; customerId: string }) {
  const { answer, customerId } = props
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
          <Sources sources={sources} customerId={customerId} />
        </Section>
      )}
    </>
  )
}
