import type { EntitlementExplanation } from '../../../../src/api.gen.ts'
import { useAddressState } from '../../address-state.ts'
import { EVERY, useRead } from '../../api/use-read.ts'
import { CallPanel } from '../../explain/call-panel.tsx'
import { Drawing } from '../../explain/chain.tsx'
import { Findings } from '../../explain/findings.tsx'
import { useNames } from '../../explain/names.ts'
import { Verdict } from '../../explain/verdict.tsx'
import { Columns, Page } from '../../ui/page.tsx'
import { Empty, Loaded } from '../../ui/states.tsx'
import { QuestionForm } from './question-form.tsx'
import { RealUse } from './real-use.tsx'
import { amountOf, isComplete, type Question, questionOf, requestOf, searchOf } from './request.ts'
import styles from './view.module.css'
import { WaysPanel } from './ways-panel.tsx'

/** Why may a customer use something, or not, and what would have to differ. */
export function View() {
  const [question, change] = useAddressState(questionOf)
  const ask = (next: Question) => change(searchOf(next, question), { isStep: true })
  return (
    <Page title="Explain" lead="Asks what the API would answer, and why. It consumes nothing.">
      <QuestionForm key={JSON.stringify(question)} first={question} onAsk={ask} />
      {isComplete(question) ? (
        <Explained question={question} onAsk={ask} />
      ) : (
        <Empty
          title="Choose a customer and a feature."
          call="GET /api/v1/customers/{id}/entitlements/explain"
        />
      )}
    </Page>
  )
}

function Explained(props: { question: Question; onAsk: (question: Question) => void }) {
  const { question, onAsk } = props
  const request = requestOf(question)
  const reading = useRead('v1.customers.explainEntitlement', request, { everyMs: EVERY.panel })
  return (
    <Loaded reading={reading} rows={6}>
      {({ data }) => <Explanation answer={data} question={question} onAsk={onAsk} />}
    </Loaded>
  )
}

function Explanation(props: {
  answer: EntitlementExplanation
  question: Question
  onAsk: (question: Question) => void
}) {
  const { answer, question, onAsk } = props
  const amount = amountOf(question)
  const names = useNames(question.customer, answer.chains)
  const own = useRead('v1.customers.retrieve', { params: { id: question.customer } })
  const customer = own.data?.data.name || question.customer
  const capability =
    answer.type === 'FEATURE'
      ? (answer.feature?.displayName ?? question.feature)
      : answer.currency.displayName
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap: 20 }}>
      <Verdict
        answer={answer}
        amount={amount}
        customer={customer}
        capability={capability}
        values={question.values === '' ? [] : question.values.split(',')}
        resource={question.resource || null}
        names={names}
      />
      <Columns isSideWide>
        <Drawing answer={answer} amount={amount} customer={customer} names={names} />
        <div className={styles.side}>
          <WaysPanel {...{ answer, question, customer, capability, names, onAsk }} />
          <Findings answer={answer} customerId={question.customer} />
          <RealUse question={question} customer={customer} />
          <CallPanel request={requestOf(question)} answer={answer} />
        </div>
      </Columns>
    </div>
  )
}
