import type { FormEvent, KeyboardEvent, ReactNode } from 'react'
import { createContext, useContext, useEffect, useMemo, useState } from 'react'
import { CallError, isOutdated } from '../api/errors.ts'
import { Button } from './button.tsx'
import { Dialog, DialogBody, DialogFoot, type DialogProps } from './dialog.tsx'
import styles from './form.module.css'
import { Problem } from './states.tsx'
import type { Submission } from './use-form.ts'

type Errors = {
  /** The sentence of the server about a field, or null. */
  messageOf(name: string): string | null
  /** Tells that a field of this name is shown. Returns the end of that. */
  register(name: string): () => void
}

const ErrorsContext = createContext<Errors>({ messageOf: () => null, register: () => () => {} })

/** Returns what the server says about the field of this name. */
export function useFieldError(name: string): string | null {
  const { messageOf, register } = useContext(ErrorsContext)
  useEffect(() => register(name), [name, register])
  return messageOf(name)
}

/**
 * The field that an error is about, among those that are shown: the one that the error names or
 * that contains it, else one whose name stands in its path or in its sentence.
 */
function fieldOf(error: CallError, names: readonly string[]): string | null {
  const { field, message } = error
  if (field === null)
    return message.split(/[^\w]+/).findLast((word) => names.includes(word)) ?? null
  const parts = field.split('/')
  const paths = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  return [...parts, ...paths].findLast((each) => names.includes(each)) ?? null
}

export function FormErrors({ error, children }: { error: unknown; children: ReactNode }) {
  const [names, setNames] = useState<readonly string[]>([])
  const about = error instanceof CallError && !isOutdated(error) ? fieldOf(error, names) : null
  const errors = useMemo(
    (): Errors => ({
      messageOf: (name) => (name === about && error instanceof Error ? error.message : null),
      register: (name) => {
        setNames((all) => [...all, name])
        return () => setNames((all) => all.filter((each) => each !== name))
      },
    }),
    [about, error],
  )
  return (
    <ErrorsContext value={errors}>
      {children}
      {error instanceof Error && about === null && !isOutdated(error) && <Problem error={error} />}
    </ErrorsContext>
  )
}

/** A dialog with fields, and the button that sends them. */
export function FormDialog(
  props: Omit<DialogProps, 'children' | 'isOpen'> & {
    form: Submission
    submit?: string
    /** What the button says that closes the dialog and sends nothing. */
    dismiss?: string
    isOpen?: boolean
    /** Why what is in the fields cannot be sent. */
    reason?: string | null
    isDanger?: boolean
    note?: ReactNode
    children?: ReactNode
  },
) {
  const { form, submit = 'Save', dismiss = 'Cancel', isOpen = true, isDanger } = props
  const { note, children } = props
  const reason = props.reason ?? form.reason
  // A dialog that stays mounted keeps what was typed, but not what was wrong with it.
  const close = () => {
    form.forgive()
    props.onClose()
  }
  return (
    <Dialog {...props} isOpen={isOpen} onClose={close}>
      <form {...sending(form, reason)} style={{ display: 'contents' }}>
        <DialogBody>
          <FormErrors error={form.error}>{children}</FormErrors>
        </DialogBody>
        <DialogFoot note={note}>
          <Button onClick={close}>{dismiss}</Button>
          <Button
            type="submit"
            look={isDanger ? 'danger' : 'primary'}
            isBusy={form.isBusy}
            reason={reason}
          >
            {submit}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  )
}

/** Fields in a page, and the button that saves them. `actions` are beside it. */
export function PageForm(props: { form: Submission; actions?: ReactNode; children: ReactNode }) {
  const { form, actions, children } = props
  return (
    <form {...sending(form, form.reason)} className={styles.form}>
      <FormErrors error={form.error}>{children}</FormErrors>
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isBusy={form.isBusy} reason={form.reason}>
          Save
        </Button>
        {actions}
      </div>
    </form>
  )
}

/** Enter in a field sends a form, and so do Ctrl or ⌘ and Enter anywhere in it. */
function sending({ submit, isBusy }: Submission, reason: string | null) {
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    if (!isBusy && reason === null) submit()
  }
  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
    event.preventDefault()
    // Unlike `submit`, this first asks the fields whether they are filled.
    event.currentTarget.requestSubmit()
  }
  return { onSubmit, onKeyDown }
}
