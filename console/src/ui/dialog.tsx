import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import fade from './fade.module.css'
import styles from './popup.module.css'

export type DialogProps = {
  isOpen: boolean
  onClose: () => void
  title: string
  description?: ReactNode
  isWide?: boolean
  children: ReactNode
}

export function Dialog({ isOpen, onClose, title, description, isWide, children }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null)
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={`${fade.fade} ${styles.backdrop}`} />
        <Base.Popup
          ref={popup}
          className={`${styles.dialog} ${isWide ? styles.wide : ''}`}
          initialFocus={() => popup.current?.querySelector<HTMLElement>('[data-autofocus]') ?? true}
        >
          <header className={styles.head}>
            <div>
              <Base.Title className={styles.title}>{title}</Base.Title>
              {description && (
                <Base.Description className={styles.description}>{description}</Base.Description>
              )}
            </div>
            <Base.Close className={styles.close} aria-label="Close">
              <X size={15} strokeWidth={1.75} aria-hidden />
            </Base.Close>
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

export const DialogBody = ({ children }: { children: ReactNode }) => (
  <div className={styles.body}>{children}</div>
)

export const DialogFoot = ({ note, children }: { note?: ReactNode; children: ReactNode }) => (
  <footer className={styles.foot}>
    {note && <div className={styles.note}>{note}</div>}
    {children}
  </footer>
)
