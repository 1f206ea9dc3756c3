import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { addressesIn } from '../../addresses.ts'
import { call } from '../../api/call.ts'
import { type Credential, writeCredential } from '../../api/credential.ts'
import { CallError } from '../../api/errors.ts'
import { Mark } from '../../shell/mark.tsx'
import { Button } from '../../ui/button.tsx'
import { CheckField, TextField } from '../../ui/field.tsx'
import { FormErrors } from '../../ui/form.tsx'
import { browserName, takeCode } from './code.ts'
import styles from './view.module.css'

/** Taken once: a code works once. */
const code = takeCode()

const WHOAMI = 'v1.whoami.retrieve'

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
    mutationFn: async (given: Credential) => {
      const { data } = await call({ credential: given, environment: null }, WHOAMI, {})
      writeCredential(given)
      queries.clear()
      void navigate({ href: startOf(to) ?? addressesIn(data.environment.id).home, replace: true })
    },
  })
  const { mutate } = signIn
  const exchange = useMutation({
    mutationFn: (given: string) =>
      call({ credential: null, environment: null }, 'v1.signInCodes.exchange', {
        body: { code: given, name: browserName() },
      }),
    onSuccess: ({ data }) => data.secret !== null && mutate({ secret: data.secret, isKept: false }),
  })
  const exchanged = useRef(false)
  useEffect(() => {
    if (code === null || exchanged.current) return
    exchanged.current = true
    exchange.mutate(code)
  }, [exchange.mutate])
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate({ secret: secret.trim(), isKept })
  }
  return (
    <main className={styles.page}>
      <div className={styles.brand}>
        <Mark />
        <h1>Sign in to Bursar</h1>
      </div>
      <form className={styles.form} onSubmit={onSubmit}>
        <FormErrors error={explained(signIn.error) ?? exchange.error}>
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
            value={isKept}
            onChange={setKept}
          />
        </FormErrors>
        <Button type="submit" look="primary" isBusy={signIn.isPending || exchange.isPending}>
          Sign in
        </Button>
      </form>
      <dl className={styles.where}>
        <dt>A link that signs in</dt>
        <dd>
          <code>npx bursar console</code>
        </dd>
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
