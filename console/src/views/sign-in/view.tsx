import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useState } from 'react'
import { addressesIn } from '../../addresses.ts'
import { call } from '../../api/call.ts'
import { writeCredential } from '../../api/credential.ts'
import { CallError } from '../../api/errors.ts'
import { Mark } from '../../shell/mark.tsx'
import { Button } from '../../ui/button.tsx'
import { CheckField, TextField } from '../../ui/field.tsx'
import { FormErrors } from '../../ui/form.tsx'
import styles from './view.module.css'

export function View() {
  const [secret, setSecret] = useState('')
  const [isKept, setKept] = useState(false)
  const { to } = useSearch({ strict: false }) as { to?: string }
  const navigate = useNavigate()
  const queries = useQueryClient()
  useEffect(() => {
    document.title = 'Sign in · Bursar'
  }, [])
  const signIn = useMutation({
    mutationFn: () =>
      call(
        { credential: { secret: secret.trim(), isKept }, environment: null },
        'v1.whoami.retrieve',
        {},
      ),
    onSuccess: ({ data }) => {
      writeCredential({ secret: secret.trim(), isKept })
      queries.clear()
      void navigate({ href: startOf(to) ?? addressesIn(data.environment.id).home, replace: true })
    },
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <main className={styles.page}>
      <div className={styles.brand}>
        <Mark />
        <h1>Sign in to Bursar</h1>
      </div>
      <form className={styles.form} onSubmit={onSubmit}>
        <FormErrors error={explained(signIn.error)}>
          <TextField
            name="secret"
            label="API key, or a person’s token"
            type="password"
            value={secret}
            onChange={setSecret}
            isFirst
            isMono
          />
          <CheckField
            label="Keep me signed in"
            hint="Stores it in this browser until you sign out. Otherwise it ends with this tab."
            isOn={isKept}
            onChange={setKept}
          />
        </FormErrors>
        <Button type="submit" look="primary" isBusy={signIn.isPending}>
          Sign in
        </Button>
      </form>
      <dl className={styles.where}>
        <dt>The key of a new server</dt>
        <dd>
          <code>cat .bursar/api-key</code>
        </dd>
        <dt>A key of your own</dt>
        <dd>
          <code>npx bursar key create --kind read-only</code>
        </dd>
      </dl>
    </main>
  )
}

/** Only an address of the console: nobody else may choose where a sign-in leads. */
const startOf = (to: string | undefined): string | null =>
  to !== undefined && /^\/e\/[^/\\]/.test(to) ? to : null

function explained(error: Error | null): Error | null {
  if (!(error instanceof CallError) || error.status !== 401) return error
  return new CallError({
    status: 401,
    message: 'The server does not know this key.',
    field: 'secret',
  })
}
