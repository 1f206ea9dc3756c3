import { useQuery } from '@tanstack/react-query'
import { EVERY } from '../../api/use-read.ts'

/** Whether the server is ready, and its sentence if it is not. It needs no credential. */
export const useHealth = () =>
  useQuery({
    queryKey: ['health'],
    refetchInterval: EVERY.panel,
    retry: false,
    queryFn: async ({ signal }): Promise<{ isReady: boolean; message: string | null }> => {
      const response = await fetch('/health/ready', { signal, cache: 'no-store' })
      const body: unknown = await response.json().catch(() => null)
      const isRecord = typeof body === 'object' && body !== null
      const message = isRecord && 'message' in body ? String(body.message) : null
      return { isReady: response.ok, message }
    },
  })
