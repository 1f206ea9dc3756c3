import { Link } from '@tanstack/react-router'
import { Fragment, type ReactNode, useEffect } from 'react'
import { routeTo } from '../addresses.ts'
import { CopyButton } from './copy.tsx'
import styles from './page.module.css'
import { Chip, Id } from './text.tsx'

/** A view: its title, what can be done, and its content. The title is also that of the document. */
export function Page(props: {
  title: string
  /** Beside the title: an id, a state. */
  beside?: ReactNode
  actions?: ReactNode
  lead?: ReactNode
  children: ReactNode
}) {
  const { title, beside, actions, lead, children } = props
  useEffect(() => {
    document.title = `${title} · Bursar`
  }, [title])
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.title}>
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {beside}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {lead && <p className={styles.lead}>{lead}</p>}
      {children}
    </div>
  )
}

/** Beside the title of a page about one object: its id, and whether it is archived. */
export const IdBeside = ({ id, isArchived }: { id: string; isArchived: boolean }) => (
  <>
    <span>
      <Id>{id}</Id> <CopyButton text={id} label="Copy id" />
    </span>
    {isArchived && <Chip>archived</Chip>}
  </>
)

export const Toolbar = ({ children }: { children: ReactNode }) => (
  <div className={styles.toolbar}>{children}</div>
)

export function Section(props: {
  title: string
  count?: string | undefined
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>
          {props.title}
          {props.count && <span className={styles.count}>{props.count}</span>}
        </h2>
        {props.actions && <div className={styles.actions}>{props.actions}</div>}
      </div>
      {props.children}
    </section>
  )
}

/** A wide column, and a narrow one for what is looked up beside it. */
export const Columns = (props: { isSideWide?: boolean; children: ReactNode }) => (
  <div className={styles.columns} data-wide={props.isSideWide}>
    {props.children}
  </div>
)

/** Sections below each other, in one of the columns. */
export const Stack = ({ children }: { children: ReactNode }) => (
  <div className={styles.stack}>{children}</div>
)

/** Names and values of one record. */
export const Facts = ({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) => (
  <dl className={styles.facts}>
    {rows.map(([name, value]) => (
      <Fragment key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </Fragment>
    ))}
  </dl>
)

export type Tab = { to: string; label: string }

/** Views of one thing, beside each other. */
export const Tabs = ({ label, tabs }: { label: string; tabs: readonly Tab[] }) => (
  <nav className={styles.tabs} aria-label={label}>
    {tabs.map(({ to, label: text }, index) => (
      <Link
        key={to}
        to={to}
        className={styles.tab}
        activeOptions={{ exact: index === 0, includeSearch: false }}
      >
        {text}
      </Link>
    ))}
  </nav>
)

/** Code or JSON, with a button that copies it. */
export const Code = ({ text, label }: { text: string; label: string }) => (
  <div className={styles.code}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys scroll what has the focus */}
    <pre tabIndex={0}>{text}</pre>
    <CopyButton text={text} label={label} />
  </div>
)

/** A link to another view, within a sentence or a row. */
export const LinkTo = ({ address, children }: { address: string; children: ReactNode }) => (
  <Link {...routeTo(address)}>{children}</Link>
)

export const Muted = ({ children }: { children: ReactNode }) => (
  <span className={styles.muted}>{children}</span>
)
