import { useState } from 'react'
import type { ApiKey } from '../../../../src/api.gen.ts'
import { useSession } from '../../api/session.tsx'
import { useList } from '../../api/use-read.ts'
import { SettingsPage } from '../../settings/settings-page.tsx'
import { useOpener } from '../../shell/use-opener.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { Chip, Id, None, Time } from '../../ui/text.tsx'
import { useNow } from '../../use-now.ts'
import { CreateKey } from './create-key.tsx'
import { RevokeKey } from './revoke-key.tsx'
import { KINDS, TEXTS } from './texts.ts'

/** How often the page looks whether a key has expired, in milliseconds. */
const STATE_EVERY_MS = 60_000

export function View() {
  const opener = useOpener('v1.apiKeys.create', 'New key')
  return (
    <SettingsPage lead={TEXTS.lead} action={opener.button()}>
      <IfPermitted id="v1.apiKeys.list">
        <Keys />
      </IfPermitted>
      {opener.isOpen && <CreateKey onClose={opener.close} />}
    </SettingsPage>
  )
}

function Keys() {
  const [revoked, setRevoked] = useState<ApiKey | null>(null)
  const reason = useSession().whyNot('v1.apiKeys.revoke')
  const nowMs = useNow(STATE_EVERY_MS)
  const list = useList('v1.apiKeys.list', {})
  const columns: readonly Column<ApiKey>[] = [
    { title: 'Name', cell: (key) => <KeyName apiKey={key} nowMs={nowMs} /> },
    { title: 'Begins with', cell: ({ prefix }) => <Id>{prefix}</Id>, isSecondary: true },
    { title: 'May', cell: ({ kind }) => KINDS[kind] },
    {
      title: 'Last used',
      cell: ({ lastUsedAt }) => (lastUsedAt ? <Time at={lastUsedAt} /> : <None />),
    },
    {
      title: 'Expires',
      cell: ({ expiresAt }) => (expiresAt ? <Time at={expiresAt} /> : <None />),
      isSecondary: true,
    },
    { title: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
  ]
  return (
    <>
      <ListTable
        label="API keys"
        list={list}
        columns={columns}
        empty={<Empty title="No keys yet." call="POST /api/v1/api-keys" />}
        actions={(key) =>
          stateOf(key, nowMs) === null && (
            <Button
              size="small"
              reason={key.origin === 'configured' ? 'The server configures this key.' : reason}
              onClick={() => setRevoked(key)}
            >
              Revoke
            </Button>
          )
        }
      />
      {revoked && <RevokeKey apiKey={revoked} onClose={() => setRevoked(null)} />}
    </>
  )
}

/** Null for a key that works. */
function stateOf({ revokedAt, expiresAt }: ApiKey, nowMs: number): string | null {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : null
}

function KeyName({ apiKey, nowMs }: { apiKey: ApiKey; nowMs: number }) {
  const state = stateOf(apiKey, nowMs)
  return (
    <>
      {apiKey.name} {apiKey.origin === 'configured' && <Chip>configured</Chip>}
      {state && <Chip>{state}</Chip>}
    </>
  )
}
