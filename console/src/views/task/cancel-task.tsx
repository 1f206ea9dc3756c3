import type { Task } from '../../../../src/api.gen.ts'
import { doneText, TYPE_WORDS } from '../../tasks/texts.ts'
import { FormDialog } from '../../ui/form.tsx'
import { Muted } from '../../ui/page.tsx'
import { useForm } from '../../ui/use-form.ts'

/** Cancels a task, after it has said what stays as it is. */
export function CancelTask({ task, onClose }: { task: Task; onClose: () => void }) {
  const words = TYPE_WORDS[task.type]
  const form = useForm('v1.tasks.cancel', {
    first: {},
    requestOf: () => ({ params: { id: task.id } }),
    doneText: ({ data }) =>
      data.status === 'CANCELED' ? 'The task is canceled.' : 'The task had ended before.',
    onDone: onClose,
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title="Cancel the task?"
      description={words.stays}
      submit="Cancel task"
      dismiss="Let it go on"
      isDanger
    >
      <p>{doneText(task)}</p>
      <Muted>{words.rest}</Muted>
    </FormDialog>
  )
}
