import { useState } from 'react'
import { type CsvId, type RequestOf, readCsv } from '../api/call.ts'
import { useSession } from '../api/session.tsx'
import { Button } from './button.tsx'
import { tell } from './toast.tsx'

/** Saves what an operation answers as a file of CSV. `name`: of the file, without its ending. */
export function CsvButton<Id extends CsvId>(props: {
  id: Id
  request: RequestOf<Id>
  name: string
}) {
  const { id, request, name } = props
  const { caller, whyNot } = useSession()
  const [isBusy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    try {
      saveFile(await readCsv(caller, id, request), `${name}.csv`)
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button size="small" isBusy={isBusy} reason={whyNot(id)} onClick={() => void download()}>
      Download CSV
    </Button>
  )
}

function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
