import type { Task } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useList } from '../../api/use-read.ts'
import { StatusChip } from '../../tasks/status-chip.tsx'
import { TaskPackage } from '../../tasks/task-package.tsx'
import { countsText, TEXTS, TYPE_WORDS } from '../../tasks/texts.ts'
import { Progress } from '../../ui/bar.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, IfPermitted } from '../../ui/states.tsx'
import { type Column, ListTable } from '../../ui/table.tsx'
import { None, ShortId, Time } from '../../ui/text.tsx'

const COLUMNS: readonly Column<Task>[] = [
  { title: 'What', cell: ({ type }) => TYPE_WORDS[type].title },
  { title: 'Which', cell: (task) => <TaskPackage task={task} /> },
  { title: 'State', cell: (task) => <StatusChip {...task} /> },
  {
    title: 'Progress',
    width: '20%',
    cell: (task) => (
      <>
        <Progress label={countsText(task)} percent={task.progress} />
        {countsText(task)}
      </>
    ),
  },
  { title: 'Id', cell: ({ id }) => <ShortId>{id}</ShortId>, isSecondary: true },
  { title: 'Started', cell: ({ createdAt }) => <Time at={createdAt} />, isSecondary: true },
  {
    title: 'Ended',
    cell: ({ finishedAt }) => (finishedAt === null ? <None /> : <Time at={finishedAt} />),
    isSecondary: true,
  },
]

export const View = () => (
  <Page title="Tasks" lead={TEXTS.lead}>
    <IfPermitted id="v1.tasks.list">
      <Tasks />
    </IfPermitted>
  </Page>
)

function Tasks() {
  const addresses = useAddresses()
  return (
    <ListTable
      label="Tasks"
      list={useList('v1.tasks.list', {})}
      columns={COLUMNS}
      toOf={({ id }) => addresses.task(id)}
      what="task"
      empty={<Empty title={TEXTS.empty} call={TEXTS.call} />}
    />
  )
}
