import { useState } from 'react'
import type { EnvironmentSettings } from '../../../../src/api.gen.ts'
import { Meanwhile, useTag } from '../../activity/meanwhile.tsx'
import { useSession } from '../../api/session.tsx'
import { useRead } from '../../api/use-read.ts'
import { useWrite } from '../../api/use-write.ts'
import { SettingRow, SettingRows } from '../../settings/setting-row.tsx'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { Button } from '../../ui/button.tsx'
import { ChipsField } from '../../ui/chips-field.tsx'
import { SelectField } from '../../ui/field.tsx'
import { FormErrors } from '../../ui/form.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { tell } from '../../ui/toast.tsx'
import { TEXTS } from './texts.ts'

export const View = () => (
  <SettingsPage>
    <IfPermitted id="v1.environment.settings.retrieve">
      <SettingsRead />
    </IfPermitted>
  </SettingsPage>
)

function SettingsRead() {
  const reading = useRead('v1.environment.settings.retrieve', {})
  return (
    <Loaded reading={reading} rows={3}>
      {({ data, etag }) => <SettingsForm former={data} etag={etag} />}
    </Loaded>
  )
}

function SettingsForm(props: { former: EnvironmentSettings; etag: string | undefined }) {
  const { former, etag } = props
  const { environment } = useSession()
  const [typed, setTyped] = useState<EnvironmentSettings | null>(null)
  const settings = typed ?? former
  const setSettings = (next: EnvironmentSettings) => setTyped(next)
  const undo = useWrite('v1.environment.settings.update')
  const update = useWrite('v1.environment.settings.update', {
    onDone: () => {
      setTyped(null)
      tell(TEXTS.saved, () => undo.mutateAsync({ body: former }))
    },
  })
  // The tag is that of what was there when somebody began to type.
  const tag = useTag(etag, update.error, typed === null)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (update.reason === null && !update.isPending)
          update.mutate({ ifMatch: tag, body: settings })
      }}
    >
      <FormErrors error={update.error}>
        <Meanwhile
          error={update.error}
          objectId={environment}
          fields={[
            {
              label: TEXTS.unknown,
              now: former.unknownDimensions,
              typed: settings.unknownDimensions,
            },
            { label: TEXTS.origins, now: former.allowedOrigins, typed: settings.allowedOrigins },
          ]}
        />
        <SettingRows>
          <SettingRow title={TEXTS.unknown} hint={TEXTS.unknownHint}>
            <SelectField
              name="unknownDimensions"
              label="Checks with them"
              value={settings.unknownDimensions}
              onChange={(unknownDimensions) => setSettings({ ...settings, unknownDimensions })}
              choices={[
                { value: 'ignore', label: TEXTS.ignore },
                { value: 'deny', label: TEXTS.deny },
              ]}
            />
          </SettingRow>
          <SettingRow title={TEXTS.origins} hint={TEXTS.originsHint}>
            <ChipsField
              name="allowedOrigins"
              label="Origins"
              values={settings.allowedOrigins}
              onChange={(allowedOrigins) => setSettings({ ...settings, allowedOrigins })}
              placeholder="https://app.example.com"
              isOptional
            />
          </SettingRow>
        </SettingRows>
      </FormErrors>
      <p style={{ paddingTop: 16 }}>
        <Button type="submit" look="primary" reason={update.reason} isBusy={update.isPending}>
          Save
        </Button>
      </p>
    </form>
  )
}
