/**
 * Three views of a text. The omitted characters are blanks, so that positions and line ends are
 * those of the text. `code` omits comments and the content of strings. `uncommented` omits only
 * comments. `strings` contains only the content of strings and templates.
 */
export type Views = { code: string; uncommented: string; strings: string }

type Kind = 'code' | 'comment' | 'string'

/** After these, a slash is the start of a regular expression and not a division. */
const BEFORE_PATTERN = /(^|[(,=:[!&|?{};+\-*%~^<>]|\b(return|typeof|case|in|of|void|await))\s?$/

export function viewsOf(text: string): Views {
  const kinds = kindsOf(text)
  const only = (...wanted: Kind[]) =>
    Array.from(kinds, (kind, position) => {
      const char = text[position] ?? ''
      return char === '\n' || wanted.includes(kind) ? char : ' '
    }).join('')
  return { code: only('code'), uncommented: only('code', 'string'), strings: only('string') }
}

/** Returns the kind of each character. Quotes are code, but their content is not. */
function kindsOf(text: string): Kind[] {
  const kinds: Kind[] = Array.from({ length: text.length }, () => 'code')
  const mark = (from: number, to: number, kind: Kind) => kinds.fill(kind, from, to)
  /** For each open template, the depth of braces at which its `${` ends. */
  const templates: number[] = []
  let depth = 0
  let significant = ''
  let position = 0
  const skip = (end: number, kind: Kind, inner: 0 | 1) => {
    mark(position + inner, end - inner, kind)
    position = end
    if (inner === 1) significant = "'"
  }
  while (position < text.length) {
    const char = text[position] ?? ''
    const two = text.slice(position, position + 2)
    if (two === '//') skip(endOf(text, position, /\n|$/g), 'comment', 0)
    else if (two === '/*') skip(endOf(text, position + 2, /\*\//g) + 2, 'comment', 0)
    else if (char === "'" || char === '"') skip(endOfString(text, position), 'string', 1)
    else if (char === '/' && BEFORE_PATTERN.test(significant))
      skip(endOfPattern(text, position), 'string', 1)
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop()
      const { end, opens } = endOfTemplatePart(text, position + 1)
      if (opens) templates.push(depth)
      skip(end, 'string', 1)
      significant = opens ? '{' : '`'
    } else {
      if (char === '{') depth += 1
      if (char === '}') depth -= 1
      if (char.trim() !== '') significant = (significant + char).slice(-12)
      else if (/\w$/.test(significant)) significant += ' '
      position += 1
    }
  }
  return kinds
}

function endOf(text: string, from: number, pattern: RegExp): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function endOfString(text: string, start: number): number {
  const quote = text[start]
  let position = start + 1
  while (position < text.length && text[position] !== quote && text[position] !== '\n')
    position += text[position] === '\\' ? 2 : 1
  return position + 1
}

function endOfPattern(text: string, start: number): number {
  let inClass = false
  let position = start + 1
  while (position < text.length && text[position] !== '\n') {
    const char = text[position]
    if (char === '/' && !inClass) break
    if (char === '[') inClass = true
    if (char === ']') inClass = false
    position += char === '\\' ? 2 : 1
  }
  return position + 1
}

/** A part of a template ends at its backtick or, one character later, at the brace of a `${`. */
function endOfTemplatePart(text: string, start: number): { end: number; opens: boolean } {
  let position = start
  while (position < text.length && text[position] !== '`') {
    if (text.startsWith('${', position)) return { end: position + 2, opens: true }
    position += text[position] === '\\' ? 2 : 1
  }
  return { end: position + 1, opens: false }
}
