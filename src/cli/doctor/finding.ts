/** `warning`: it works, and something is odd. `broken`: it does not, or endangers what is kept. */
export type Severity = 'ok' | 'warning' | 'broken'

/** One thing that the doctor has looked at. */
export type Finding = {
  area: 'Program' | 'Configuration' | 'Tokens' | 'Data directory' | 'Server' | 'Database'
  name: string
  value: string
  severity: Severity
  /** What is wrong and what to do; null when nothing is. */
  advice: string | null
}

type Found = Pick<Finding, 'name' | 'value'>

/** Makes the findings of one area. */
export const findingsOf = (area: Finding['area']) => ({
  ok: (name: string, value: string): Finding => ({
    area,
    name,
    value,
    severity: 'ok',
    advice: null,
  }),
  warning: (found: Found, advice: string): Finding => ({
    area,
    ...found,
    severity: 'warning',
    advice,
  }),
  broken: (found: Found, advice: string): Finding => ({
    area,
    ...found,
    severity: 'broken',
    advice,
  }),
})
