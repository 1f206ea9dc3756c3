import type { EntitlementCounterfactual, EntitlementExplanation } from '../../../src/api.gen.ts'
import { formatNumber } from '../format.ts'
import { Section } from '../ui/page.tsx'
import type { Names } from './names.ts'
import styles from './ways-out.module.css'

export type Way = EntitlementCounterfactual

/** The sentence for a change, as an order: "Raise Indexer to 210". */
export function wayText(
  way: Way,
  from: { customer: string; capability: string; names: Names },
): string {
  const { customer, capability, names } = from
  const nameOf = (id: string) => names.get(id) ?? id
  const to = Array.isArray(way.to) ? way.to.map(nameOf).join(', ') : way.to
  const amount = typeof to === 'number' ? formatNumber(to) : String(to)
  switch (way.change) {
    case 'customer':
      return to === 'ACTIVE' ? `Unarchive ${customer}` : `Create the customer ${customer}`
    case 'resource':
      return to === null ? 'Ask without the resource' : `Use the resource ${amount}`
    case 'feature':
      return to === 'ACTIVE' ? `Unarchive ${capability}` : `Create ${capability}`
    case 'entitlement':
      return to === 'REVOKED'
        ? `Take ${capability} away from ${customer}`
        : `Grant ${capability} to ${customer}`
    case 'usageLimit':
      return `Set the limit of ${customer} to ${amount}`
    case 'requestedUsage':
      return to === null ? 'Ask without an amount' : `Ask for ${amount}`
    case 'requestedValues':
      return to === null ? 'Ask without values' : `Ask for ${amount}`
    case 'enumValues':
      return `Grant ${amount}`
    case 'balance':
      return `Bring the balance to ${amount}`
    case 'dimension':
      return `Send in ${way.key ?? ''} the id of an entity`
    case 'budget': {
      const scope = (way.scopeEntityIds ?? []).map(nameOf).join(', ')
      const what = scope === '' ? '' : ` with ${scope}`
      return `Set the budget of ${nameOf(way.entityId ?? '')}${what} to ${amount}`
    }
  }
}

/** The changes that would reverse the answer. A change that the console can make is a button. */
export function WaysOut(props: {
  answer: EntitlementExplanation
  customer: string
  capability: string
  names: Names
  actionOf: (way: Way) => (() => void) | null
}) {
  const { answer, actionOf } = props
  if (answer.counterfactual.length === 0) return null
  return (
    <Section title={answer.isGranted ? 'What would deny it' : 'Ways to a yes'}>
      <ul className={styles.ways}>
        {answer.counterfactual.map((way) => {
          const [only] = way
          const action = way.length === 1 && only ? actionOf(only) : null
          const text = way.map((each) => wayText(each, props))
          return (
            <li key={text.join()}>
              {action ? (
                <button type="button" className={styles.way} onClick={action}>
                  {text}
                </button>
              ) : (
                <span className={styles.way}>
                  <span>
                    {text.map((each, index) => (
                      <span key={each}>
                        {index > 0 && <span className={styles.and}> and </span>}
                        {index > 0 ? each[0]?.toLowerCase() + each.slice(1) : each}
                      </span>
                    ))}
                  </span>
                </span>
              )}
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
