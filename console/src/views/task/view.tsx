import { Ban } from 'lucide-react'
import { useState } from 'react'
import type { Task, TaskError } from '../../../../src/api.gen.ts'
import { useAddresses, useParam } from '../../address-state.ts'
import { useSession } from '../../api/session.tsx'
import { EVERY, useRead } from '../../api/use-read.ts'
import { StatusChip } from '../../tasks/status-chip.tsx'
import { TaskPackage } from '../../tasks/task-package.tsx'
import { countsText, keptText, TEXTS, TYPE_WORDS } from '../../tasks/texts.ts'
import { Progress } from '../../ui/bar.tsx'
import { Button } from '../../ui/button.tsx'
import { Facts, IdBeside, LinkTo, Muted, Page, Section } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Id, None, Time } from '../../ui/text.tsx'
import { CancelTask } from './cancel-task.tsx'

export function View() {
  const id = useParam('task')
  // Data of another task does not stay while this one is read.
  return <OneTask key={id} id={id} />
}

const isOpen = ({ finishedAt }: Task): boolean => finishedAt === null

function OneTask({ id }: { id: string }) {
  const isOn = useSession().whyNot('v1.tasks.retrieve') === null
  const reading = useRead(
    'v1.tasks.retrieve',
    { params: { id } },
    { isOn, everyMs: (answer) => (answer && !isOpen(answer.data) ? EVERY.total : EVERY.panel) },
  )
  const task = reading.data?.data
  return (
    <Page
      title={task ? TYPE_WORDS[task.type].title : 'Task'}
      beside={<IdBeside id={id} isArchived={false} />}
      actions={task && <Cancel task={task} />}
    >
      <IfPermitted id="v1.tasks.retrieve">
        <Loaded reading={reading}>
          {({ data }) => (
            <>
              <State task={data} />
              <Failures task={data} />
            </>
          )}
        </Loaded>
      </IfPermitted>
    </Page>
  )
}

function Cancel({ task }: { task: Task }) {
  const [isAsked, setAsked] = useState(false)
  const mayNot = useSession().whyNot('v1.tasks.cancel')
  const reason = isOpen(task) ? mayNot : TEXTS.over
  return (
    <>
      <Button size="small" icon={Ban} reason={reason} onClick={() => setAsked(true)}>
        Cancel task
      </Button>
      {isAsked && <CancelTask task={task} onClose={() => setAsked(false)} />}
    </>
  )
}

function State({ task }: { task: Task }) {
  const { status, progress, createdAt, updatedAt, finishedAt } = task
  return (
    <Section title="Progress">
      <div>
        <StatusChip status={status} />
      </div>
      <Progress label={countsText(task)} percent={progress} />
      <Facts
        rows={[
          ...(task.package
            ? [['Moves to', <TaskPackage key="package" task={task} />] as const]
            : []),
          ['Done', `${progress} %`],
          ['Items', countsText(task)],
          ['Started', <Time key="started" at={createdAt} />],
          ['Changed last', <Time key="changed" at={updatedAt} />],
          ['Ended', finishedAt === null ? <None key="end" /> : <Time key="end" at={finishedAt} />],
        ]}
      />
    </Section>
  )
}

function Failures({ task }: { task: Task }) {
  const addresses = useAddresses()
  const columns: readonly Column<TaskError>[] = [
    {
      title: TYPE_WORDS[task.type].failure,
      cell: ({ id }) =>
        task.type === 'SUBSCRIPTION_MIGRATION' ? (
          <LinkTo address={addresses.customer(id)}>
            <Id>{id}</Id>
          </LinkTo>
        ) : (
          <Id>{id}</Id>
        ),
    },
    { title: 'Why', cell: ({ message }) => message },
    { title: 'Code', cell: ({ code }) => (code === null ? <None /> : <Id>{code}</Id>) },
  ]
  const kept = keptText(task)
  return (
    <Section title="Failed">
      {task.errors.length === 0 ? (
        <Muted>{TEXTS.noFailures}</Muted>
      ) : (
        <Table
          label="Failed"
          rows={task.errors}
          columns={columns}
          keyOf={({ index }) => String(index)}
          isPlain={task.type === 'SUBSCRIPTION_IMPORT'}
        />
      )}
      {kept && <Muted>{kept}</Muted>}
    </Section>
  )
}
