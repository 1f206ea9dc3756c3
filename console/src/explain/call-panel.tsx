import { useState } from 'react'
import { addressOf } from '../api/call.ts'
import { operations } from '../api/operations.gen.ts'
import { Choices } from '../ui/field.tsx'
import { Code, Section } from '../ui/page.tsx'

type Language = 'curl' | 'typescript' | 'python' | 'json'

const LANGUAGES: readonly { value: Language; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'typescript', label: 'TypeScript' },
  { value: 'python', label: 'Python' },
  { value: 'json', label: 'Answer' },
]

export type ExplainRequest = {
  params: { id: string }
  query: Readonly<Record<string, unknown>>
}

/** The call behind what is shown, to copy. The key is never in it. */
export function CallPanel({ request, answer }: { request: ExplainRequest; answer: unknown }) {
  const [language, setLanguage] = useState<Language>('curl')
  const { path } = operations['v1.customers.explainEntitlement']
  const url = `${location.origin}${addressOf(path, request)}`
  const text = {
    curl: () => `curl -sg '${url.replaceAll("'", '%27')}' \\\n  -H "X-API-KEY: $BURSAR_KEY"`,
    typescript: () =>
      [
        `const response = await fetch(${JSON.stringify(url)}, {`,
        "  headers: { 'X-API-KEY': process.env.BURSAR_KEY },",
        '})',
        'const { data } = await response.json()',
      ].join('\n'),
    python: () =>
      [
        'import os, requests',
        '',
        `response = requests.get(${JSON.stringify(url)},`,
        '    headers={"X-API-KEY": os.environ["BURSAR_KEY"]})',
        'data = response.json()["data"]',
      ].join('\n'),
    json: () => JSON.stringify(answer, null, 2),
  }[language]()
  return (
    <Section
      title="Call"
      actions={
        <Choices label="Language" value={language} onChange={setLanguage} choices={LANGUAGES} />
      }
    >
      <Code text={text} label="Copy" />
    </Section>
  )
}
