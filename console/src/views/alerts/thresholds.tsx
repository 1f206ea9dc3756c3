import { type FormEvent, useState } from 'react'
import { Meanwhile, useTag } from '../../activity/meanwhile.tsx'
import { CallError } from '../../api/errors.ts'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { Button } from '../../ui/button.tsx'
import { ChipsField } from '../../ui/chips-field.tsx'
import { FormErrors } from '../../ui/form.tsx'
import { Section } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { tell } from '../../ui/toast.tsx'
import { TEXTS } from './texts.ts'
import styles from './view.module.css'

/** The shares of a limit at which events are published, for all budgets of the environment. */
export const Thresholds = () => (
  <Section title={TEXTS.thresholds}>
    <IfPermitted id="v1Beta.governance.retrieveThresholdConfig">
      <ThresholdsRead />
    </IfPermitted>
  </Section>
)

function ThresholdsRead() {
  const reading = useRead('v1Beta.governance.retrieveThresholdConfig', {})
  return (
    <Loaded reading={reading} rows={1}>
      {({ data, etag }) => <ThresholdsForm former={data.thresholds} etag={etag} />}
    </Loaded>
  )
}

function ThresholdsForm(props: { former: readonly number[]; etag: string | undefined }) {
  const { former, etag } = props
  const [typed, setValues] = useState<readonly string[] | null>(null)
  const values = typed ?? former.map(String)
  const [wrong, setWrong] = useState<CallError | null>(null)
  const undo = useWrite('v1Beta.governance.updateThresholdConfig')
  const update = useWrite('v1Beta.governance.updateThresholdConfig', {
    onDone: () => {
      setValues(null)
      tell('The thresholds were changed.', () =>
        undo.mutateAsync({ body: { thresholds: [...former] } }),
      )
    },
  })
  const tag = useTag(etag, update.error, typed === null)
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (update.reason !== null || update.isPending) return
    const other = values.find((text) => !Number.isFinite(Number(text)))
    setWrong(
      other === undefined
        ? null
        : new CallError({ status: 400, message: TEXTS.notNumber(other), field: 'thresholds' }),
    )
    if (other === undefined)
      update.mutate({ ifMatch: tag, body: { thresholds: values.map(Number) } })
  }
  const isChanged = values.join() !== former.join()
  return (
    <form className={styles.form} onSubmit={onSubmit}>
      <FormErrors error={wrong ?? update.error}>
        <Meanwhile
          error={update.error}
          objectId="threshold-config"
          fields={[{ label: 'Percent', now: former.join(', '), typed: values.join(', ') }]}
        />
        <ChipsField
          name="thresholds"
          label="Percent"
          values={values}
          onChange={setValues}
          hint={TEXTS.thresholdsHint}
          placeholder="80, 100"
          isCommaEnd
          isOptional
        />
      </FormErrors>
      <div className={styles.buttons}>
        <Button type="submit" look="primary" reason={update.reason} isBusy={update.isPending}>
          Save
        </Button>
        {isChanged && <Button onClick={() => setValues(null)}>Discard</Button>}
      </div>
    </form>
  )
}
