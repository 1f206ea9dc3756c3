import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { AuditEntry } from '../../../src/api.gen.ts'
import { useAddressState } from '../address-state.ts'
import { useList } from '../api/use-read.ts'
import { SearchField } from '../ui/field.tsx'
import { Toolbar } from '../ui/page.tsx'
import { Empty, EmptyFiltered } from '../ui/states.tsx'
import { type Column, ListTable } from '../ui/table.tsx'
import { Id, None, ShortId, Time } from '../ui/text.tsx'
import styles from './changes.module.css'
import { changesOf, textOfValue } from './diff.ts'

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: 'When', cell: ({ occurredAt }) => <Time at={occurredAt} />, width: '140px' },
  { title: 'What', cell: (entry) => <Change entry={entry} /> },
  { title: 'Object', cell: ({ objectId }) => <ShortId>{objectId}</ShortId>, isSecondary: true },
  {
    title: 'Customer',
    cell: ({ customerId }) => (customerId ? <Id>{customerId}</Id> : <None />),
    isSecondary: true,
  },
  { title: 'By', cell: ({ actor }) => <Actor {...actor} />, isSecondary: true },
]

const Actor = ({ kind, id }: AuditEntry['actor']) => (
  <>
    {kind === 'API_KEY' ? 'key ' : ''}
    <ShortId>{id}</ShortId>
  </>
)

/** Who changed what, the last first. Of one customer, or of the environment. */
export function Changes({ customerId }: { customerId?: string }) {
  const [objectId, change] = useAddressState(({ object }) => object ?? '')
  const list = useList('v1.audit.list', {
    query: {
      ...(customerId !== undefined && { customerId }),
      ...(objectId !== '' && { objectId }),
    },
  })
  return (
    <>
      <Toolbar>
        <SearchField
          label="Exact id of an object"
          value={objectId}
          onChange={(id) => change({ object: id || null })}
        />
      </Toolbar>
      <ListTable
        label="Changes"
        list={list}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        empty={
          objectId === '' ? (
            <Empty title="Nothing was changed yet." />
          ) : (
            <EmptyFiltered what="change" onClear={() => change({ object: null })} />
          )
        }
      />
    </>
  )
}

/** One line, which opens to what differs. */
function Change({ entry }: { entry: AuditEntry }) {
  const [isOpen, setOpen] = useState(false)
  const changes = changesOf(entry.before, entry.after)
  return (
    <div>
      <button
        type="button"
        className={styles.line}
        data-row
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <ChevronRight size={13} className={styles.arrow} aria-hidden />
        {entry.type}
      </button>
      {isOpen && (
        <dl className={styles.changes}>
          {changes.map(({ path, before, after }) => (
            <div key={path}>
              <dt>{path}</dt>
              <dd>
                {before !== undefined && <del>{textOfValue(before)}</del>}{' '}
                {after !== undefined && <ins>{textOfValue(after)}</ins>}
              </dd>
            </div>
          ))}
          <div>
            <dt>operation</dt>
            <dd>
              <Id>{entry.operation}</Id>
            </dd>
          </div>
          {entry.traceId && (
            <div>
              <dt>trace</dt>
              <dd>
                <Id>{entry.traceId}</Id>
              </dd>
            </div>
          )}
        </dl>
      )}
    </div>
  )
}
