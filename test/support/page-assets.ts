import { openWorld } from './world.ts'

/** Opens a server and reads one of its pages, with the addresses that match `assets`. */
export async function openPage(path: string, assets: RegExp) {
  const { server } = (await openWorld()).bursar
  const get = (url: string, headers: Record<string, string> = {}) =>
    server.inject({ method: 'GET', url, headers })
  const page = await get(path)
  return {
    server,
    get,
    page,
    policy: String(page.headers['content-security-policy']),
    assets: [...page.body.matchAll(assets)].map(([, url = '']) => url),
  }
}
