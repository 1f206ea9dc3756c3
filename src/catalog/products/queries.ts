import { notFound } from '../../kernel/errors.ts'
import { type Field, inPath } from '../../kernel/field.ts'
import type { Page } from '../../kernel/page.ts'
import type { Call } from '../../operation.ts'
import * as productStore from './store.ts'
import type { Product } from './types.ts'

export const unknownProduct = (id: string, field: Field = inPath('id')) =>
  notFound(field, 'ProductNotFoundError', `product ${id} not found`)

/** Returns products, including archived ones, newest first. */
export const listProducts = (
  { app, scope }: Call,
  filter: productStore.ProductFilter,
): Promise<Page<Product>> => productStore.listProducts(app.db.read, scope, filter)
