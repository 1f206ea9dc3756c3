import { Toast as Base } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import fade from './fade.module.css'
import styles from './toast.module.css'

/** How long a change can be undone from its line, in milliseconds. */
const UNDO_MS = 10_000
const SHOWN_MS = 5_000

const manager = Base.createToastManager()

/** Tells that something was done. With `undo`, the line offers to send the former value. */
export function tell(sentence: string, undo?: () => Promise<unknown>): void {
  const id = manager.add({
    title: sentence,
    timeout: undo ? UNDO_MS : SHOWN_MS,
    ...(undo && {
      actionProps: {
        children: 'Undo',
        onClick: () => {
          manager.close(id)
          undo().then(
            () => tell('Undone.'),
            (error: Error) => tell(error.message),
          )
        },
      },
    }),
  })
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Base.Provider toastManager={manager}>
      {children}
      <Base.Portal>
        <Base.Viewport className={styles.viewport}>
          <ToastList />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  )
}

function ToastList() {
  const { toasts } = Base.useToastManager()
  return toasts.map((toast) => (
    <Base.Root key={toast.id} toast={toast} className={`${fade.fade} ${styles.toast}`}>
      <Base.Content className={styles.content}>
        <Base.Title className={styles.title} />
        {toast.actionProps && <Base.Action className={styles.action} />}
        <Base.Close className={styles.close} aria-label="Dismiss">
          <X size={14} aria-hidden />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ))
}
