import { FieldRow, TextArea, TextField } from '../ui/field.tsx'
import type { FieldState } from '../ui/use-form.ts'

type Texts = { displayName: string; description: string }

type Bind = {
  bind<Name extends keyof Texts>(name: Name): FieldState<string>
}

/** The head of a form that makes a product, a plan or an add-on: its id, and its name. */
export const IdAndName = (props: {
  id: FieldState<string>
  form: Bind
  label?: string
  hint: string
}) => (
  <FieldRow>
    <TextField {...props.id} label={props.label ?? 'Id'} hint={props.hint} isMono isFirst />
    <TextField {...props.form.bind('displayName')} label="Name" />
  </FieldRow>
)

/** The head of a form that changes one: its name, and its description. */
export const NameAndDescription = ({ form }: { form: Bind }) => (
  <>
    <TextField {...form.bind('displayName')} label="Name" isFirst />
    <Description form={form} />
  </>
)

export const Description = ({ form }: { form: Bind }) => (
  <TextArea {...form.bind('description')} label="Description" rows={2} isOptional />
)
