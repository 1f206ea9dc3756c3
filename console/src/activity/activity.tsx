import type { AuditEntry, Event } from '../../../src/api.gen.ts'
import { type ChangeSearch, useAddresses, useAddressState } from '../address-state.ts'
import { searchOf } from '../addresses.ts'
import { useSession } from '../api/session.tsx'
import { useList } from '../api/use-read.ts'
import { LinkTo } from '../ui/page.tsx'
import { Empty, EmptyFiltered, IfPermitted } from '../ui/states.tsx'
import { type Column, ListTable } from '../ui/table.tsx'
import { Chip, Id, None, ShortId, Time } from '../ui/text.tsx'
import styles from './activity.module.css'
import { ChangeDetails, EventDetails } from './details.tsx'
import { changesOf } from './diff.ts'
import { type ActivityFilter, ActivityFilters, FILTERS, filterOf, queryOf } from './filters.tsx'
import { ACTORS, TEXTS } from './texts.ts'

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
    { title: 'What', cell: ({ type }) => <Chip isMono>{type}</Chip> },
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
        {ACTORS[actor.kind]} <ShortId>{actor.id}</ShortId>
      </span>
    ),
    isSecondary: true,
  },
]

function Changes(props: LogProps) {
  const { filter, change, customerId } = props
  const { who, whyNot } = useSession()
  const columns = useColumns(customerId, CHANGE_COLUMNS)
  const list = useList(
    'v1.audit.list',
    {
      query: {
        ...queryOf(filter, customerId),
        ...(filter.actor !== '' && { actorId: filter.actor }),
      },
    },
    { isOn: whyNot('v1.audit.list') === null },
  )
  return (
    <>
      <ActivityFilters
        filter={filter}
        change={change}
        hasCustomer={customerId !== null}
        types={typesOf(list.rows)}
      />
      <IfPermitted id="v1.audit.list">
        <ListTable
          label="Changes"
          list={list}
          columns={columns}
          keyOf={({ id }) => id}
          toOf={({ id }) => toggled(props, id)}
          below={(entry) => entry.id === filter.open && <ChangeDetails entry={entry} />}
          empty={
            isFiltered(filter) ? (
              <EmptyFiltered what="change" onClear={() => clear(change)} />
            ) : (
              <Empty title={TEXTS.emptyChanges(who.limits.eventRetentionDays)} />
            )
          }
        />
      </IfPermitted>
    </>
  )
}

function Events(props: LogProps) {
  const { filter, change, customerId } = props
  const { who, whyNot } = useSession()
  const columns = useColumns<Event>(customerId, [])
  const list = useList(
    'v1.eventsLog.list',
    { query: queryOf(filter, customerId) },
    { isOn: whyNot('v1.eventsLog.list') === null },
  )
  return (
    <>
      <ActivityFilters
        filter={filter}
        change={change}
        hasCustomer={customerId !== null}
        types={typesOf(list.rows)}
      />
      <IfPermitted id="v1.eventsLog.list">
        <ListTable
          label="Events"
          list={list}
          columns={columns}
          keyOf={({ id }) => id}
          toOf={({ id }) => toggled(props, id)}
          below={({ id, data }) => id === filter.open && <EventDetails data={data} />}
          empty={
            isFiltered(filter) ? (
              <EmptyFiltered what="event" onClear={() => clear(change)} />
            ) : (
              <Empty title={TEXTS.emptyEvents(who.limits.eventRetentionDays)} />
            )
          }
        />
      </IfPermitted>
    </>
  )
}

/** The types among the rows, to choose from. Others can be typed. */
const typesOf = (rows: readonly { type: string }[] = []): string[] => [
  ...new Set(rows.map(({ type }) => type)),
]
