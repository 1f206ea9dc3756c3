import type { MeterAggregation, MeterCondition, Meter as WireMeter } from '../contract.gen.ts'
import { badInput } from '../kernel/errors.ts'
import type { Aggregation, Condition, Meter } from './types.ts'

/**
 * Reads a meter. 400 `InvalidArgumentError` for an aggregation or a condition without what its kind
 * needs, or with what it does not take: usage would be counted otherwise than the caller meant.
 */
export const meterFromWire = ({ aggregation, filters }: WireMeter): Meter => ({
  aggregation: aggregationFromWire(aggregation),
  filters: filters.map(({ conditions }, index) => ({
    conditions: conditions.map((condition, at) =>
      conditionFromWire(condition, `meter.filters[${index}].conditions[${at}]`),
    ),
  })),
})

function aggregationFromWire(wire: MeterAggregation): Aggregation {
  if (wire.function === 'COUNT') {
    refuse(wire.field, 'meter.aggregation.field', wire.function)
    return { function: wire.function }
  }
  const field = needed(wire.field, 'meter.aggregation.field', wire.function)
  return { function: wire.function, field }
}

function conditionFromWire(wire: MeterCondition, where: string): Condition {
  const { field, operation } = wire
  if (operation === 'IS_NULL' || operation === 'IS_NOT_NULL') {
    refuse(wire.value, `${where}.value`, operation)
    refuse(wire.values, `${where}.values`, operation)
    return { field, operation }
  }
  if (operation === 'IN') {
    refuse(wire.value, `${where}.value`, operation)
    return { field, operation, values: needed(wire.values, `${where}.values`, operation) }
  }
  refuse(wire.values, `${where}.values`, operation)
  return { field, operation, value: needed(wire.value, `${where}.value`, operation) }
}

function needed<T>(part: T | undefined, name: string, kind: string): T {
  if (part === undefined) throw badInput(`${name} is required by ${kind}`, 'InvalidArgumentError')
  return part
}

function refuse(part: unknown, name: string, kind: string): void {
  if (part !== undefined) throw badInput(`${name}: ${kind} takes none`, 'InvalidArgumentError')
}
