import type { Entity as WireEntity, EntityType as WireEntityType } from '../api.gen.ts'
import { instantToWire } from '../kernel/clock.ts'
import type { Entity, EntityType } from './types.ts'

/** Contains the field names of both API generations: clients of the older one read `typeId`. */
export const entityToWire = (entity: Entity): WireEntity => ({
  id: entity.id,
  typeId: entity.typeId,
  entityTypeId: entity.typeId,
  displayName: entity.displayName,
  metadata: { ...entity.metadata },
  createdAt: instantToWire(entity.createdAt),
  updatedAt: instantToWire(entity.updatedAt),
  archivedAt: entity.archivedAt === null ? null : instantToWire(entity.archivedAt),
})

export const entityTypeToWire = (type: EntityType): WireEntityType => ({
  id: type.id,
  displayName: type.displayName,
  description: type.description,
  attributionKeys: [...type.attributionKeys],
  createdAt: instantToWire(type.createdAt),
  updatedAt: instantToWire(type.updatedAt),
  archivedAt: type.archivedAt === null ? null : instantToWire(type.archivedAt),
})
