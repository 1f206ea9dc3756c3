/** Returns the response with null in place of its secrets, so that it may be stored. */
export const withoutSecrets = (body: unknown, paths: readonly string[]): unknown =>
  paths.reduce((kept, path) => without(kept, path.split(/\.|(?=\[\])/)), body)

function without(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return null
  if (step === '[]') return Array.isArray(value) ? value.map((each) => without(each, rest)) : value
  if (typeof value !== 'object' || value === null || !(step in value)) return value
  return { ...value, [step]: without(Reflect.get(value, step), rest) }
}
