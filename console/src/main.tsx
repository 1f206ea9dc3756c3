import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { forgetCredential } from './api/credential.ts'
import { createQueries } from './api/queries.ts'
import './base.css'
import { router } from './routes.tsx'
import { Toasts } from './ui/toast.tsx'

const queries = createQueries(() => {
  const { pathname, searchStr } = router.state.location
  if (pathname === '/sign-in') return
  forgetCredential()
  queries.clear()
  const to = pathname === '/' ? undefined : `${pathname}${searchStr}`
  void router.navigate({ to: '/sign-in', search: { to } as never })
})

const place = document.getElementById('root')
if (place === null) throw new Error('the page has no #root')
createRoot(place).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Tooltip.Provider>
          <Toasts>
            <RouterProvider router={router} />
          </Toasts>
        </Tooltip.Provider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
