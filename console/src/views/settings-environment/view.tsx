import type { EnvironmentSettings } from '../../../../src/api.gen.ts'
import { Meanwhile } from '../../activity/meanwhile.tsx'
import { useSession } from '../../api/session.tsx'
import { SettingRow, SettingRows } from '../../settings/setting-row.tsx'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { ChipsField } from '../../ui/chips-field.tsx'
import { SelectField } from '../../ui/field.tsx'
import { PageForm } from '../../ui/form.tsx'
import { Read } from '../../ui/states.tsx'
import { useForm } from '../../ui/use-form.ts'
import { TEXTS, UNKNOWN } from './texts.ts'

export const View = () => (
  <SettingsPage>
    <Read id="v1.environment.settings.retrieve" request={{}} rows={3}>
      {({ data, etag }) => <SettingsForm former={data} etag={etag} />}
    </Read>
  </SettingsPage>
)

function SettingsForm(props: { former: EnvironmentSettings; etag: string | undefined }) {
  const { former, etag } = props
  const { environment } = useSession()
  const form = useForm('v1.environment.settings.update', {
    first: former,
    etag,
    requestOf: (settings) => ({ body: settings }),
    doneText: () => TEXTS.saved,
    undo: ({ send }) => send({ body: former }),
  })
  return (
    <PageForm form={form}>
      <Meanwhile
        error={form.refusal}
        objectId={environment}
        fields={form.compare({ unknownDimensions: TEXTS.unknown, allowedOrigins: TEXTS.origins })}
      />
      <SettingRows>
        <SettingRow title={TEXTS.unknown} hint={TEXTS.unknownHint}>
          <SelectField
            {...form.bind('unknownDimensions')}
            label="Checks with them"
            choices={UNKNOWN}
          />
        </SettingRow>
        <SettingRow title={TEXTS.origins} hint={TEXTS.originsHint}>
          <ChipsField
            {...form.bind('allowedOrigins')}
            label="Origins"
            placeholder="https://app.example.com"
            isOptional
          />
        </SettingRow>
      </SettingRows>
    </PageForm>
  )
}
