/// <reference lib="dom" />

import type { Page } from 'playwright-core'

/** Returns what a reader could not read on a page, a line each: see `problemsInPage`. */
export const layoutProblems = (page: Page): Promise<string[]> => page.evaluate(problemsInPage)

/**
 * Runs in the page. The page must not scroll sideways. Text must be inside of every box around it,
 * unless the box scrolls or ends its text with an ellipsis.
 */
function problemsInPage(): string[] {
  /** Rounding, glyphs that stand out of their line, and a space at its end. */
  const SLACK_PX = 5
  const found = new Set<string>()
  const nameOf = (element: Element) => {
    const text = (element.textContent ?? '').trim().slice(0, 24)
    return `${element.tagName.toLowerCase()}.${element.classList[0] ?? ''} "${text}"`
  }
  const root = document.documentElement
  if (root.scrollWidth > root.clientWidth)
    found.add(`the page is ${root.scrollWidth} px wide, in a window of ${root.clientWidth}`)
  /** Whether a box lets its text be read although it is too small for it. */
  const isKind = (box: CSSStyleDeclaration, side: 'X' | 'Y') =>
    /auto|scroll/.test(side === 'X' ? box.overflowX : box.overflowY) ||
    (box.textOverflow === 'ellipsis' && box.overflowX !== 'visible') ||
    box.webkitLineClamp !== 'none'
  const check = (text: Text) => {
    const range = document.createRange()
    range.selectNodeContents(text)
    const { left, right, top, bottom, width } = range.getBoundingClientRect()
    if (width === 0) return
    for (let box = text.parentElement; box !== null && box !== root; box = box.parentElement) {
      const style = getComputedStyle(box)
      // A text for screen readers alone.
      if (style.visibility === 'hidden' || style.position === 'fixed' || style.clipPath !== 'none')
        return
      if (style.display === 'inline' || style.display === 'contents') continue
      const edge = box.getBoundingClientRect()
      const isWider = right > edge.right + SLACK_PX || left < edge.left - SLACK_PX
      const isHigher = bottom > edge.bottom + SLACK_PX || top < edge.top - SLACK_PX
      if (isKind(style, isHigher ? 'Y' : 'X')) return
      if (isWider || isHigher) {
        const how = isWider ? 'sideways' : 'up or down'
        found.add(`${nameOf(text.parentElement ?? box)} leaves ${nameOf(box)} ${how}`)
        return
      }
    }
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    if (node.textContent?.trim()) check(node as Text)
  return [...found]
}
