import { after } from 'node:test'
import { type Browser, chromium } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'
/**
 * Turns off requests that the browser sends by itself, which could count as requests of the page.
 */
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: QUIET })

/** Starts a browser that is closed when the test file ends. */
export async function startChromium(): Promise<Browser> {
  const browser = await launchChromium()
  after(() => browser.close())
  return browser
}
