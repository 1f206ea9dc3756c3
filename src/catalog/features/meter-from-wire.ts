import type { MeterAggregation, MeterCondition, Meter as WireMeter } from '../../api.gen.ts'
import { badInput } from '../../kernel/errors.ts'
import { type Field, inBody } from '../../kernel/field.ts'
import type { Aggregation, Condition, Meter } from './types.ts'

/** Bytes of JSON. All meters of an environment are in memory at once. */
export const METER_SIZE_LIMIT = 16_384

const METER = inBody('meter')

/**
 * Reads a meter. 400 `InvalidArgumentError` for an aggregation or a condition with missing or
 * superfluous parts, because usage would be counted differently than the caller meant. 400
 * `FeatureConfigurationExceededLimitError` if it is too large.
 */
export function meterFromWire({ aggregation, filters }: WireMeter): Meter {
  const meter = {
    aggregation: aggregationFromWire(aggregation),
    filters: filters.map(({ conditions }, index) => ({
      conditions: conditions.map((condition, at) =>
        conditionFromWire(condition, METER.at('filters').at(index).at('conditions').at(at)),
      ),
    })),
  }
  if (Buffer.byteLength(JSON.stringify(meter)) > METER_SIZE_LIMIT)
    throw badInput(
      METER,
      'meter: the maximum size is 16 kB',
      'FeatureConfigurationExceededLimitError',
    )
  return meter
}

function aggregationFromWire(wire: MeterAggregation): Aggregation {
  if (wire.function === 'COUNT') {
    refuse(wire.field, METER.at('aggregation').at('field'), wire.function)
    return { function: wire.function }
  }
  const field = needed(wire.field, METER.at('aggregation').at('field'), wire.function)
  return { function: wire.function, field }
}

function conditionFromWire(wire: MeterCondition, where: Field): Condition {
  const { field, operation } = wire
  if (operation === 'IS_NULL' || operation === 'IS_NOT_NULL') {
    refuse(wire.value, where.at('value'), operation)
    refuse(wire.values, where.at('values'), operation)
    return { field, operation }
  }
  if (operation === 'IN') {
    refuse(wire.value, where.at('value'), operation)
    return { field, operation, values: needed(wire.values, where.at('values'), operation) }
  }
  refuse(wire.values, where.at('values'), operation)
  return { field, operation, value: needed(wire.value, where.at('value'), operation) }
}

function needed<T>(part: T | undefined, field: Field, kind: string): T {
  if (part === undefined)
    throw badInput(field, `${field} is required by ${kind}`, 'InvalidArgumentError')
  return part
}

function refuse(part: unknown, field: Field, kind: string): void {
  if (part !== undefined)
    throw badInput(field, `${field} is not allowed with ${kind}`, 'InvalidArgumentError')
}
