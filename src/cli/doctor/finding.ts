/** `warning`: unusual, but it works. `broken`: it does not work, or it endangers data. */
export type Severity = 'ok' | 'warning' | 'broken'

/** The result of one check of the doctor. */
export type Finding = {
  area: 'Program' | 'Configuration' | 'Tokens' | 'Data directory' | 'Server' | 'Database'
  name: string
  value: string
  severity: Severity
  /** What is wrong and what to do, or null if nothing is wrong. */
  advice: string | null
}

type Fact = Pick<Finding, 'name' | 'value'>

/** Returns functions that make findings of one area. */
export const findingsOf = (area: Finding['area']) => ({
  ok: (name: string, value: string): Finding => ({
    area,
    name,
    value,
    severity: 'ok',
    advice: null,
  }),
  warning: (fact: Fact, advice: string): Finding => ({
    area,
    ...fact,
    severity: 'warning',
    advice,
  }),
  broken: (fact: Fact, advice: string): Finding => ({
    area,
    ...fact,
    severity: 'broken',
    advice,
  }),
})
