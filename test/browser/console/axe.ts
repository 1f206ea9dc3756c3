/// <reference lib="dom" />

import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

const source = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

type Finding = {
  id: string
  impact: string
  nodes: { target: unknown[]; failureSummary: string }[]
}
type Axe = { run(options: object): Promise<{ violations: Finding[] }> }

/**
 * Returns what axe finds on a page that is serious or critical, a line each. It comes through the
 * debugging protocol, which the content security policy of the page does not concern. `rules`:
 * only these.
 */
export async function axeFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source)
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: Axe }
    const { violations } = await axe.run({
      resultTypes: ['violations'],
      ...(only && { runOnly: only }),
    })
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map(({ target, failureSummary }) => {
          const why = failureSummary.split('\n').slice(1, 2).join('').trim()
          return `${id}: ${target.join(' ')}: ${why}`
        }),
      )
  }, rules)
}
