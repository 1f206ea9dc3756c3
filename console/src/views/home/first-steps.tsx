import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Check, Dot } from 'lucide-react'
import { useState } from 'react'
import { useAddresses } from '../../address-state.ts'
import { routeTo } from '../../addresses.ts'
import { CallError } from '../../api/errors.ts'
import { useSession } from '../../api/session.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Problem } from '../../ui/states.tsx'
import { SAMPLE, STEPS } from './sample.ts'
import styles from './view.module.css'

/** Shown as long as there is no customer: a sample, made by calls that one can read. */
export function FirstSteps() {
  const { caller, environment, whyNot } = useSession()
  const [done, setDone] = useState(0)
  const addresses = useAddresses()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: async () => {
      for (const [index, step] of STEPS.entries()) {
        await step.run(caller).catch(unlessThere)
        setDone(index + 1)
      }
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [environment] })
      const { customer, feature, amount, key, agent } = SAMPLE
      void navigate(routeTo(addresses.explain({ customer, feature, amount, [`d.${key}`]: agent })))
    },
  })
  return (
    <section className={styles.steps} aria-label="First steps">
      <h2>See a denial explained</h2>
      <p>
        There are no customers yet. These calls make a sample: a customer with a team and an agent,
        whose budget is nearly used up.
      </p>
      <ol className={styles.calls}>
        {STEPS.map(({ text }, index) => (
          <li key={text} data-state={index < done ? 'done' : undefined}>
            {index < done ? <Check size={14} aria-label="done" /> : <Dot size={14} aria-hidden />}
            <code>{text}</code>
          </li>
        ))}
      </ol>
      {make.error && <Problem error={make.error} />}
      <div className={styles.actions}>
        <Button
          look="primary"
          isBusy={make.isPending}
          reason={whyNot('v1Beta.customers.assignments.upsert') ?? whyNot('v1.usage.report')}
          onClick={() => make.mutate()}
        >
          Make a sample customer
        </Button>
        <LinkButton to={addresses.customers}>Create your own</LinkButton>
      </div>
    </section>
  )
}

/** A step that was done before, by an attempt that stopped half-way, is no failure. */
function unlessThere(error: unknown): void {
  const isThere = error instanceof CallError && error.code === 'DuplicatedEntityNotAllowed'
  if (!isThere) throw error
}
