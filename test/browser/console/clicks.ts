/// <reference lib="dom" />

import type { Page } from 'playwright-core'

/**
 * Counts presses of the mouse button from now on, as the page itself sees them. What is done with
 * the keyboard counts nothing. Returns how to read the count.
 */
export async function countClicks(page: Page): Promise<() => Promise<number>> {
  const counter = await page.evaluateHandle(() => {
    const count = { clicks: 0 }
    addEventListener('pointerdown', () => (count.clicks += 1), { capture: true })
    return count
  })
  return () => counter.evaluate(({ clicks }) => clicks)
}
