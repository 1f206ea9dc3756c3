import { Plus, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { useShortcuts } from '../../shell/keys.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { choicesOf } from '../../ui/choices.ts'
import { TextField } from '../../ui/field.tsx'
import { FormErrors } from '../../ui/form.tsx'
import { rowEditor } from '../../ui/rows.ts'
import { type Dimension, type Question, refuseAmount } from './request.ts'
import styles from './view.module.css'

/** Who asks for what. Sent with Check, or Ctrl or ⌘ and Enter. */
export function QuestionForm(props: { first: Question; onAsk: (question: Question) => void }) {
  const [question, setQuestion] = useState(props.first)
  const set = (part: Partial<Question>) => setQuestion((all) => ({ ...all, ...part }))
  const [isUsed, setUsed] = useState(false)
  const suggestions = useSuggestions(question, isUsed)
  const [wrong, setWrong] = useState(() => refuseAmount(props.first))
  const ask = () => {
    const problem = refuseAmount(question)
    setWrong(problem)
    if (problem === null) props.onAsk(question)
  }
  useShortcuts([{ keys: 'mod+enter', label: 'Check', run: ask, isOnlyKey: true }])
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    ask()
  }
  const isCurrency = question.currency !== ''
  return (
    <form className={styles.form} onSubmit={onSubmit} onFocus={() => setUsed(true)}>
      <TextField
        name="customer"
        label="Customer"
        value={question.customer}
        onChange={(customer) => set({ customer })}
        suggestions={suggestions.customers}
        isMono
      />
      <TextField
        name={isCurrency ? 'currency' : 'feature'}
        label={isCurrency ? 'Currency' : 'Feature'}
        value={isCurrency ? question.currency : question.feature}
        onChange={(value) => set(isCurrency ? { currency: value } : { feature: value })}
        suggestions={suggestions.features}
        isMono
      />
      <FormErrors error={wrong}>
        <TextField
          name="amount"
          label="Amount"
          value={question.amount}
          onChange={(amount) => set({ amount })}
          isNumber
          isOptional
        />
      </FormErrors>
      {question.values !== '' && (
        <TextField
          name="values"
          label="Values"
          value={question.values}
          onChange={(values) => set({ values })}
          isOptional
        />
      )}
      <Dimensions
        rows={question.dimensions}
        onChange={(dimensions) => set({ dimensions })}
        keys={suggestions.keys}
        entities={suggestions.entities}
      />
      <Button type="submit" look="primary">
        Check
      </Button>
    </form>
  )
}

function Dimensions(props: {
  rows: readonly Dimension[]
  onChange: (rows: Dimension[]) => void
  keys: readonly string[]
  entities: readonly { value: string; label: string }[]
}) {
  const { rows, onChange, keys, entities } = props
  const { add, remove, bind } = rowEditor(rows, onChange)
  const free = keys.find((key) => !rows.some((row) => row.key === key)) ?? ''
  return (
    <>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <div key={index} className={styles.dimension}>
          <TextField
            {...bind(index, 'key', 'dimension')}
            label="Dimension"
            suggestions={keys}
            isMono
          />
          <TextField
            {...bind(index, 'value', row.key)}
            label="Value"
            suggestions={entities}
            isMono
          />
          <IconButton
            label={`Remove ${row.key || 'the dimension'}`}
            icon={X}
            onClick={() => remove(index)}
          />
        </div>
      ))}
      <Button look="quiet" icon={Plus} onClick={() => add({ key: free, value: '' })}>
        Dimension
      </Button>
    </>
  )
}

/** The first hundred of each, to choose from. Others are typed. Read when the form is in use. */
function useSuggestions({ customer }: Question, isOn: boolean) {
  const { whyNot } = useSession()
  const every = { everyMs: EVERY.total, isOn }
  const customers = useRead('v1.customers.list', { query: { limit: 100 } }, every)
  const features = useRead('v1.features.listFeatures', { query: { limit: 100 } }, every)
  const types = useRead('v1Beta.entityTypes.list', { query: { limit: 100 } }, every)
  const entities = useRead(
    'v1Beta.customers.entities.list',
    { params: { id: customer }, query: { limit: 100 } },
    {
      ...every,
      isOn: isOn && customer !== '' && whyNot('v1Beta.customers.entities.list') === null,
    },
  )
  return {
    customers: choicesOf(customers.data?.data),
    features: choicesOf(features.data?.data),
    keys: [...new Set((types.data?.data ?? []).flatMap(({ attributionKeys }) => attributionKeys))],
    entities: choicesOf(entities.data?.data),
  }
}
