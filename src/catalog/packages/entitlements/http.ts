import type {
  PackageEntitlementCreateRequestBody,
  PackageEntitlementUpdateRequestBody,
} from '../../../api.gen.ts'
import { inBody } from '../../../kernel/field.ts'
import type { Call, Handlers } from '../../../operation.ts'
import * as entitlements from './commands.ts'
import { changeFromWire, entitlementFromWire } from './from-wire.ts'
import { listEntitlements } from './queries.ts'
import type { PackagePath } from './types.ts'
import { entitlementToWire, inheritedToWire } from './wire.ts'

/** The handlers of the operations on the entitlements of plans and add-ons. */
export const packageEntitlementHandlers: Handlers<
  | 'v1.plans.entitlements.list'
  | 'v1.plans.entitlements.create'
  | 'v1.plans.entitlements.update'
  | 'v1.plans.entitlements.delete'
  | 'v1.addons.entitlements.list'
  | 'v1.addons.entitlements.create'
  | 'v1.addons.entitlements.update'
  | 'v1.addons.entitlements.delete'
> = {
  'v1.plans.entitlements.list': ({ params, query }, call) =>
    list(call, {
      ...plan(params),
      isDraft: query.draft === 'true',
      isInherited: query.inherited === 'true',
      targetId: query.id,
    }),
  'v1.plans.entitlements.create': ({ params, body }, call) => add(call, plan(params), body),
  'v1.plans.entitlements.update': ({ params, body }, call) =>
    update(call, { ...plan(params), targetId: params.id }, body),
  'v1.plans.entitlements.delete': ({ params }, call) =>
    remove(call, { ...plan(params), targetId: params.id }),
  'v1.addons.entitlements.list': ({ params, query }, call) =>
    list(call, {
      ...addon(params),
      isDraft: query.draft === 'true',
      isInherited: false,
      targetId: query.id,
    }),
  'v1.addons.entitlements.create': ({ params, body }, call) => add(call, addon(params), body),
  'v1.addons.entitlements.update': ({ params, body }, call) =>
    update(call, { ...addon(params), targetId: params.id }, body),
  'v1.addons.entitlements.delete': ({ params }, call) =>
    remove(call, { ...addon(params), targetId: params.id }),
}

const plan = ({ planId }: { planId: string }) => ({ type: 'Plan' as const, id: planId })
const addon = ({ addonId }: { addonId: string }) => ({ type: 'Addon' as const, id: addonId })

type OnePath = PackagePath & { targetId: string }

async function list(call: Call, path: Parameters<typeof listEntitlements>[1]) {
  const { own, inherited } = await listEntitlements(call, path)
  return {
    data: [...own.map(entitlementToWire), ...inherited.map(inheritedToWire)],
    pagination: { next: null, prev: null },
  }
}

async function add(call: Call, path: PackagePath, body: PackageEntitlementCreateRequestBody) {
  const inputs = body.entitlements.map((each, index) =>
    entitlementFromWire(each, inBody('entitlements', index)),
  )
  return { data: (await entitlements.addEntitlements(call, path, inputs)).map(entitlementToWire) }
}

async function update(call: Call, path: OnePath, body: PackageEntitlementUpdateRequestBody) {
  const input = changeFromWire(body, inBody())
  return { data: entitlementToWire(await entitlements.updateEntitlement(call, path, input)) }
}

const remove = async (call: Call, path: OnePath) => ({
  data: entitlementToWire(await entitlements.removeEntitlement(call, path)),
})
