import { Ban, Check, TriangleAlert } from 'lucide-react'
import { useSession } from '../../api/session.tsx'
import { formatCount, formatNumber } from '../../format.ts'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { Columns, Facts, Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { Chip, Id, None, Time } from '../../ui/text.tsx'
import { TEXTS } from './texts.ts'
import { useHealth } from './use-health.ts'

export function View() {
  const { who } = useSession()
  return (
    <SettingsPage>
      <Columns>
        <Section title={TEXTS.server}>
          <Facts
            rows={[
              ['Health', <Health key="health" />],
              ['Version', who.server.version],
              ['Account', <Named key="account" {...who.account} />],
              ['Environment', <Named key="environment" {...who.environment} />],
              ['Kind', who.environment.type.toLowerCase()],
              ['Events kept', formatCount(who.limits.eventRetentionDays, 'day')],
            ]}
          />
          {who.server.isTestClock && (
            <p>
              <Chip tone="near" icon={TriangleAlert}>
                {TEXTS.testClock}
              </Chip>
            </p>
          )}
          <h2>{TEXTS.limits}</h2>
          <Facts
            rows={[
              ['Rows of a page', formatNumber(who.limits.maxPageSize)],
              ['Request', `${formatNumber(who.limits.maxBodyBytes)} bytes`],
              ['Levels of entities', formatNumber(who.limits.maxEntityDepth)],
              [
                'Attribution keys',
                who.limits.maxAttributionKeys === null
                  ? TEXTS.unlimited
                  : formatNumber(who.limits.maxAttributionKeys),
              ],
            ]}
          />
        </Section>
        <Section title={TEXTS.caller}>
          <Facts
            rows={[
              ['Name', who.name ?? <None />],
              [who.actor.kind === 'USER' ? 'Person' : 'Key', <Id key="actor">{who.actor.id}</Id>],
              ['Role', who.role],
              [
                'Expires',
                who.expiresAt === null ? TEXTS.never : <Time key="expires" at={who.expiresAt} />,
              ],
              ['May', who.permissions.map((each) => <div key={each}>{each}</div>)],
            ]}
          />
        </Section>
      </Columns>
    </SettingsPage>
  )
}

const Named = ({ id, displayName }: { id: string; displayName: string }) => (
  <>
    {displayName} {displayName !== id && <Id>{id}</Id>}
  </>
)

function Health() {
  const reading = useHealth()
  return (
    <Loaded reading={reading} rows={1}>
      {({ isReady, message }) =>
        isReady ? (
          <span>
            <Chip tone="granted" icon={Check}>
              {TEXTS.ready}
            </Chip>
          </span>
        ) : (
          <span>
            <Chip tone="denied" icon={Ban}>
              not ready
            </Chip>{' '}
            {message}
          </span>
        )
      }
    </Loaded>
  )
}
