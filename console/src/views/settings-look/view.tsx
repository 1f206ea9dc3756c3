import { setPreference, usePreferences } from '../../preferences.ts'
import { SettingRow, SettingRows } from '../../settings/setting-row.tsx'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { Choices } from '../../ui/field.tsx'
import { TEXTS } from './texts.ts'

export function View() {
  const { theme, density, zone } = usePreferences()
  return (
    <SettingsPage lead={TEXTS.lead}>
      <SettingRows>
        <SettingRow title={TEXTS.theme}>
          <Choices
            label={TEXTS.theme}
            value={theme}
            onChange={(value) => setPreference('theme', value)}
            choices={[
              { value: 'system', label: 'System' },
              { value: 'light', label: 'Light' },
              { value: 'dark', label: 'Dark' },
            ]}
          />
        </SettingRow>
        <SettingRow title={TEXTS.density} hint={TEXTS.densityHint}>
          <Choices
            label={TEXTS.density}
            value={density}
            onChange={(value) => setPreference('density', value)}
            choices={[
              { value: 'comfortable', label: 'Comfortable' },
              { value: 'normal', label: 'Normal' },
              { value: 'compact', label: 'Compact' },
            ]}
          />
        </SettingRow>
        <SettingRow title={TEXTS.zone} hint={TEXTS.zoneHint}>
          <Choices
            label={TEXTS.zone}
            value={zone}
            onChange={(value) => setPreference('zone', value)}
            choices={[
              { value: 'local', label: 'In my time zone' },
              { value: 'utc', label: 'In UTC' },
            ]}
          />
        </SettingRow>
      </SettingRows>
    </SettingsPage>
  )
}
