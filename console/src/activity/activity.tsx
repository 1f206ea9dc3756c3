import { Fragment, type ReactNode } from 'react'
import type { AuditEntry, Event } from '../../../src/api.gen.ts'
import { type ChangeSearch, useAddresses, useAddressState } from '../address-state.ts'
import { searchOf } from '../addresses.ts'
import { useSession } from '../api/session.tsx'
import { useList } from '../api/use-read.ts'
import { LinkTo } from '../ui/page.tsx'
import { Empty, IfPermitted } from '../ui/states.tsx'
import { type Column, ListTable } from '../ui/table.tsx'
import { Chip, Id, None, ShortId, Time } from '../ui/text.tsx'
import styles from './activity.module.css'
import { ActorName } from './actor-name.tsx'
import { ChangeDetails, EventDetails } from './details.tsx'
import { changesOf } from './diff.ts'
import {
  type ActivityFilter,
  ActivityFilters,
  FILTERS,
  filterOf,
  LAST,
  queryOf,
} from './filters.tsx'
import { TEXTS } from './texts.ts'

type LogProps = {
  filter: ActivityFilter
  change: ChangeSearch
  /** Null: of the whole environment. */
  customerId: string | null
  /** Address of this view. */
  here: string
}

/** What happened, the last first: who changed what, or the events that were published. */
export function Activity({ customerId, here }: { customerId: string | null; here: string }) {
  const [filter, change] = useAddressState(filterOf)
  const props = { filter, change, customerId, here }
  return filter.log === 'events' ? <Events {...props} /> : <Changes {...props} />
}

/** Opens a row in place, or closes it. */
const toggled = ({ filter, here }: LogProps, id: string): string =>
  `${here}${searchOf({ ...filter, open: filter.open === id ? undefined : id })}`

const clear = (change: ChangeSearch) =>
  change(Object.fromEntries([...FILTERS, 'open'].map((name) => [name, null])))

const isFiltered = (filter: ActivityFilter): boolean => FILTERS.some((name) => filter[name] !== '')

function useColumns<Row extends AuditEntry | Event>(
  customerId: string | null,
  own: readonly Column<Row>[],
): Column<Row>[] {
  const addresses = useAddresses()
  return [
    { title: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} />, width: '120px' },
    { title: 'What', cell: ({ type }) => <Chip isMono>{breakable(type)}</Chip> },
    { title: 'Object', cell: ({ objectId }) => <ShortId>{objectId}</ShortId> },
    ...(customerId === null
      ? [
          {
            title: 'Customer',
            cell: (row: Row) =>
              row.customerId === null ? (
                <None />
              ) : (
                <LinkTo address={addresses.customer(row.customerId)}>
                  <Id>{row.customerId}</Id>
                </LinkTo>
              ),
            isSecondary: true,
          },
        ]
      : []),
    ...own,
  ]
}

const CHANGE_COLUMNS: readonly Column<AuditEntry>[] = [
  {
    title: 'Fields',
    cell: ({ before, after }) => {
      if (before === null) return <span className={styles.fields}>new</span>
      if (after === null) return <span className={styles.fields}>gone</span>
      const paths = changesOf(before, after).map(({ path }) => path)
      return <span className={styles.fields}>{paths.join(', ')}</span>
    },
    isSecondary: true,
  },
  {
    title: 'By',
    cell: ({ actor }) => (
      <span className={styles.actor}>
        <ActorName actor={actor} />
      </span>
    ),
    isSecondary: true,
  },
]

function Changes(props: LogProps) {
  const { filter, customerId } = props
  const { who, whyNot } = useSession()
  const actor = filter.actor !== '' && { actorId: filter.actor }
  const list = useList(
    'v1.audit.list',
    { query: { ...queryOf(filter, customerId), ...actor } },
    { isOn: whyNot('v1.audit.list') === null },
  )
  return (
    <Log<AuditEntry>
      {...props}
      id="v1.audit.list"
      label="Changes"
      what="change"
      list={list}
      columns={CHANGE_COLUMNS}
      below={(entry) => <ChangeDetails entry={entry} />}
      empty={TEXTS.emptyChanges(who.limits.eventRetentionDays)}
    />
  )
}

function Events(props: LogProps) {
  const { filter, customerId } = props
  const { who, whyNot } = useSession()
  const list = useList(
    'v1.eventsLog.list',
    { query: queryOf(filter, customerId) },
    { isOn: whyNot('v1.eventsLog.list') === null },
  )
  return (
    <Log<Event>
      {...props}
      id="v1.eventsLog.list"
      label="Events"
      what="event"
      list={list}
      columns={[]}
      below={({ data }) => <EventDetails data={data} />}
      empty={TEXTS.emptyEvents(who.limits.eventRetentionDays)}
    />
  )
}

/** One of the two logs: its filters, and its rows, of which one may be open. */
function Log<Row extends AuditEntry | Event>(
  props: LogProps & {
    /** The operation that lists it. */
    id: 'v1.audit.list' | 'v1.eventsLog.list'
    label: string
    /** What one row is called. */
    what: string
    list: Parameters<typeof ListTable<Row>>[0]['list']
    /** Columns that the other log does not have. */
    columns: readonly Column<Row>[]
    /** What is shown below the row that is open. */
    below: (row: Row) => ReactNode
    empty: string
  },
) {
  const { filter, change, customerId, list, below } = props
  const open = filter.open === LAST ? (list.rows?.[0]?.id ?? '') : filter.open
  return (
    <>
      <ActivityFilters
        filter={filter}
        change={change}
        hasCustomer={customerId !== null}
        types={typesOf(list.rows)}
      />
      <IfPermitted id={props.id}>
        <ListTable
          label={props.label}
          list={list}
          columns={useColumns(customerId, props.columns)}
          toOf={({ id }) => toggled({ ...props, filter: { ...filter, open } }, id)}
          below={(row) => row.id === open && below(row)}
          what={props.what}
          filters={{ isSet: isFiltered(filter), clear: () => clear(change) }}
          empty={<Empty title={props.empty} />}
        />
      </IfPermitted>
    </>
  )
}

/** A type that can be broken after each of its dots. */
const breakable = (type: string): ReactNode =>
  type.split('.').map((part, index, all) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place
    <Fragment key={index}>
      {part}
      {index < all.length - 1 && (
        <>
          .<wbr />
        </>
      )}
    </Fragment>
  ))

/** The types among the rows, to choose from. Others can be typed. */
const typesOf = (rows: readonly { type: string }[] = []): string[] => [
  ...new Set(rows.map(({ type }) => type)),
]
