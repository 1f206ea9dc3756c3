import { Link } from '@tanstack/react-router'
import type { LucideIcon } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { routeTo } from '../addresses.ts'
import styles from './button.module.css'
import { Tooltip } from './tooltip.tsx'

type Look = 'primary' | 'normal' | 'quiet' | 'danger'

const classOf = (look: Look, size: 'normal' | 'small', isIcon = false): string =>
  [styles.button, styles[look], styles[size], isIcon && styles.icon].filter(Boolean).join(' ')

type Common = {
  look?: Look
  size?: 'normal' | 'small'
  /** Why the button cannot be pressed. It stays where it is, and says so. */
  reason?: string | null
  isBusy?: boolean
}

type ButtonProps = Common &
  Omit<ComponentProps<'button'>, 'className' | 'disabled'> & { icon?: LucideIcon }

export function Button(props: ButtonProps) {
  const { look = 'normal', size = 'normal', reason = null, isBusy = false } = props
  const { icon: Icon, children, ...rest } = withoutCommon(props)
  const button = (
    <button
      type="button"
      {...rest}
      {...inert(reason !== null || isBusy, rest.onClick)}
      aria-busy={isBusy || undefined}
      className={classOf(look, size)}
    >
      {Icon && <Icon size={14} strokeWidth={1.75} aria-hidden />}
      {children}
    </button>
  )
  return reason === null ? button : <Tooltip text={reason}>{button}</Tooltip>
}

/** A button that shows only an icon. `label` is its name, and its tooltip. */
export function IconButton(props: ButtonProps & { label: string; icon: LucideIcon }) {
  const { look = 'quiet', size = 'normal', reason = null, isBusy = false } = props
  const { icon: Icon, label, ...rest } = withoutCommon(props)
  return (
    <Tooltip text={reason ?? label}>
      <button
        type="button"
        {...rest}
        {...inert(reason !== null || isBusy, rest.onClick)}
        aria-label={label}
        className={classOf(look, size, true)}
      >
        <Icon size={15} strokeWidth={1.75} aria-hidden />
      </button>
    </Tooltip>
  )
}

/** A link that looks like a button, because it is the main thing to do. */
export function LinkButton(props: {
  to: string
  look?: Look
  size?: 'normal' | 'small'
  icon?: LucideIcon
  children: ReactNode
}) {
  const { to, look = 'normal', size = 'normal', icon: Icon, children } = props
  return (
    <Link {...routeTo(to)} className={classOf(look, size)}>
      {Icon && <Icon size={14} strokeWidth={1.75} aria-hidden />}
      {children}
    </Link>
  )
}

function withoutCommon<Props extends Common>(props: Props): Omit<Props, keyof Common> {
  const { look: _look, size: _size, reason: _reason, isBusy: _isBusy, ...rest } = props
  return rest
}

/** A button that cannot be pressed keeps its focus, so that its reason can be read. */
function inert(isInert: boolean, onClick: ButtonProps['onClick']): ComponentProps<'button'> {
  if (!isInert) return onClick === undefined ? {} : { onClick }
  return { 'aria-disabled': true, onClick: (event) => event.preventDefault() }
}
