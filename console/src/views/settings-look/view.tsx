import { type Preferences, setPreference, usePreferences } from '../../preferences.ts'
import { SettingRow, SettingRows } from '../../settings/setting-row.tsx'
import { SettingsPage } from '../../settings/settings-page.tsx'
import type { Choice } from '../../ui/choices.ts'
import { Choices } from '../../ui/field.tsx'
import { DENSITIES, TEXTS, THEMES, ZONES } from './texts.ts'

export const View = () => (
  <SettingsPage lead={TEXTS.lead}>
    <SettingRows>
      <Preference of="theme" title={TEXTS.theme} choices={THEMES} />
      <Preference of="density" title={TEXTS.density} hint={TEXTS.densityHint} choices={DENSITIES} />
      <Preference of="zone" title={TEXTS.zone} hint={TEXTS.zoneHint} choices={ZONES} />
    </SettingRows>
  </SettingsPage>
)

function Preference<Name extends 'theme' | 'density' | 'zone'>(props: {
  of: Name
  title: string
  hint?: string
  choices: readonly Choice<Preferences[Name]>[]
}) {
  const { of: name, title, choices } = props
  return (
    <SettingRow {...props}>
      <Choices<Preferences[Name]>
        label={title}
        value={usePreferences()[name]}
        onChange={(value) => setPreference(name, value)}
        choices={choices}
      />
    </SettingRow>
  )
}
