export type Choice<Value extends string> = { value: Value; label: string }

/** Values that are their own labels. */
export const plainChoices = <Value extends string>(
  ...values: readonly Value[]
): readonly Choice<Value>[] => values.map((value) => ({ value, label: value }))

/** Values with their labels, in this order. No value may be a whole number: it would come first. */
export const labelledChoices = <Value extends string>(
  labels: Readonly<Record<Value, string>>,
): readonly Choice<Value>[] =>
  (Object.keys(labels) as Value[]).map((value) => ({ value, label: labels[value] }))

/** Returns the value that a text names, or another one if it names none. */
export const choiceIn = <Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
  otherwise: Value,
): Value => choices.find(({ value }) => value === text)?.value ?? otherwise

/** Rows of a list to choose from, each by its name. */
export const choicesOf = (
  rows: readonly { id: string; displayName?: string | null; name?: string | null }[] | undefined,
): Choice<string>[] =>
  (rows ?? []).map(({ id, displayName, name }) => ({ value: id, label: displayName ?? name ?? id }))
