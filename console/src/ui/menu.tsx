import { Menu as Base } from '@base-ui/react/menu'
import type { LucideIcon } from 'lucide-react'
import type { ReactElement } from 'react'
import styles from './popup.module.css'

export type MenuItem = {
  label: string
  icon?: LucideIcon
  onSelect: () => void
  /** Why it cannot be chosen. */
  reason?: string | null
  isDanger?: boolean
}

/** `null` among the items is a line between them. */
export function Menu(props: { trigger: ReactElement; items: readonly (MenuItem | null)[] }) {
  return (
    <Base.Root>
      <Base.Trigger render={props.trigger as ReactElement<Record<string, unknown>>} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end">
          <Base.Popup className={styles.menu}>
            {props.items.map((item, index) =>
              item === null ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity
                <Base.Separator key={index} className={styles.separator} />
              ) : (
                <Base.Item
                  key={item.label}
                  className={styles.item}
                  data-danger={item.isDanger || undefined}
                  disabled={(item.reason ?? null) !== null}
                  title={item.reason ?? undefined}
                  onClick={item.onSelect}
                >
                  {item.icon && <item.icon size={14} strokeWidth={1.75} aria-hidden />}
                  {item.label}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
