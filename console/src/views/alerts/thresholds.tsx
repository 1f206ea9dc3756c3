import { Meanwhile } from '../../activity/meanwhile.tsx'
import { Button } from '../../ui/button.tsx'
import { ChipsField } from '../../ui/chips-field.tsx'
import { PageForm } from '../../ui/form.tsx'
import { numberIn, refuseNumber } from '../../ui/number.ts'
import { Section } from '../../ui/page.tsx'
import { Read } from '../../ui/states.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS } from './texts.ts'
import styles from './view.module.css'

/** The shares of a limit at which events are published, for all budgets of the environment. */
export const Thresholds = () => (
  <Section title={TEXTS.thresholds}>
    <Read id="v1Beta.governance.retrieveThresholdConfig" request={{}} rows={1}>
      {({ data, etag }) => <ThresholdsForm former={data.thresholds} etag={etag} />}
    </Read>
  </Section>
)

function ThresholdsForm(props: { former: readonly number[]; etag: string | undefined }) {
  const { former, etag } = props
  const first = former.map(String)
  const form = useForm('v1Beta.governance.updateThresholdConfig', {
    first: { thresholds: first },
    etag,
    check: ({ thresholds }) => {
      const wrong = thresholds.find((text) => numberIn(text) === null)
      return wrong === undefined ? null : refuseNumber('thresholds', wrong)
    },
    requestOf: ({ thresholds }) => ({ body: { thresholds: thresholds.map(Number) } }),
    doneText: () => 'The thresholds were changed.',
    undo: ({ send }) => send({ body: { thresholds: [...former] } }),
  })
  const { thresholds } = form.fields
  const isChanged = thresholds.join() !== first.join()
  return (
    <PageForm form={form} actions={isChanged && <Button onClick={form.discard}>Discard</Button>}>
      <Meanwhile
        error={form.refusal}
        objectId="threshold-config"
        fields={[{ label: 'Percent', now: first.join(', '), typed: thresholds.join(', ') }]}
      />
      <div className={styles.field}>
        <ChipsField
          {...form.bind('thresholds')}
          label="Percent"
          hint={TEXTS.thresholdsHint}
          placeholder="80, 100"
          isCommaEnd
          isOptional
        />
      </div>
    </PageForm>
  )
}
