import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const text = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
const tokens = new Map(
  [...text.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** The contrast of WCAG 2, from 1 to 21. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function pairs(names: readonly string[], grounds: readonly string[]): [string, string][] {
  return names.flatMap((name) => grounds.map((ground): [string, string] => [name, ground]))
}

const STATES = ['granted', 'denied', 'near', 'info', 'held']
const SERIES = Array.from({ length: 8 }, (_, index) => `series-${index + 1}`)

const TEXT = [
  ...pairs(['fg-0', 'fg-1', 'fg-2', 'accent'], ['bg-0', 'bg-1', 'bg-2', 'bg-3']),
  ...pairs(['on-ink'], ['ink']),
  ...STATES.flatMap((state) => pairs([state], [`${state}-tint`, 'bg-0', 'bg-1'])),
]
const SHAPES = [
  ...pairs(['line-strong'], ['bg-0', 'bg-1', 'bg-2']),
  ...pairs(['bar', 'bar-near', 'bar-full'], ['track']),
  ...pairs(SERIES, ['bg-0']),
]

for (const theme of ['light', 'dark'] as const)
  for (const [kind, all, least] of [
    ['text', TEXT, 4.5],
    ['a shape', SHAPES, 3],
  ] as const)
    test(`${kind} is legible on every ground that it stands on, in the ${theme} theme`, () => {
      const colorOf = (name: string) => {
        const token = tokens.get(name)
        assert.ok(token, `there is no token ${name}`)
        return token[theme]
      }
      const poor = all
        .map(([name, ground]) => ({ name, ground, is: contrast(colorOf(name), colorOf(ground)) }))
        .filter(({ is }) => is < least)
      assert.deepEqual(poor, [])
    })
