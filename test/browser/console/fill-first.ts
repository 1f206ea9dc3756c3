import type { Page } from 'playwright-core'

type First = { empty: string; id: string; name: string }

/** In a view that shows `empty`, opens the dialog for a new object and fills in its id and name. */
export async function fillFirst(page: Page, { empty, id, name }: First): Promise<void> {
  await page.getByText(empty).waitFor()
  await page.keyboard.press('n')
  await page.getByLabel('Id', { exact: true }).fill(id)
  await page.getByLabel('Name', { exact: true }).fill(name)
}
