import type { FaultType } from './faultActions.ts';
import type { FaultRule } from './faults.ts';
import { hostileVariants } from './hostile.ts';
import { requestKinds } from './stats.ts';

/** A check of one field: what it wants, and whether a value is that. */
interface Check {
  wants: string;
  holds(value: unknown): boolean;
}

const text: Check = { wants: 'a string', holds: (value) => typeof value === 'string' };
const flag: Check = { wants: 'true or false', holds: (value) => typeof value === 'boolean' };
const count: Check = {
  wants: 'a whole number from 0',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const positive: Check = {
  wants: 'a whole number from 1',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
};
const status: Check = {
  wants: 'a status from 200 to 599',
  holds: (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
};
const headers: Check = {
  wants: 'an object of strings',
  holds: (value) => isObject(value) && Object.values(value).every((one) => typeof one === 'string'),
};
const oneOf = (values: readonly string[]): Check => ({
  wants: `one of ${values.join(', ')}`,
  holds: (value) => values.includes(value as string),
});
const either = (a: Check, b: Check): Check => ({
  wants: `${a.wants} or ${b.wants}`,
  holds: (value) => a.holds(value) || b.holds(value),
});

type Fields = { needs?: Record<string, Check>; takes?: Record<string, Check> };

const actionFields: Record<FaultType, Fields> = {
  status: { needs: { status }, takes: { body: text, headers } },
  reset: {},
  truncate: { needs: { after: count }, takes: { clean: flag } },
  stall: { takes: { after: count } },
  delay: { needs: { ms: count } },
  slow: { needs: { bytesPerSecond: positive } },
  corrupt: {},
  'wrong-md5': {},
  duplicate: { takes: { answer: either(status, oneOf(['reset', 'stall'])), late: count } },
  repeat: {},
  'answer-twice': {},
  stale: {},
  'expire-token': {},
  revoke: {},
  'expire-upload-urls': {},
  quota: { takes: { capacity: count } },
  lock: { takes: { write: flag, read: flag } },
  outage: { needs: { ms: positive } },
  hostile: { needs: { variant: oneOf(hostileVariants) }, takes: { bytes: count } },
};

const matchFields: Fields = { takes: { kind: oneOf(requestKinds), method: text, pathIncludes: text } };
const action: Check = { wants: 'an object', holds: isObject };
const ruleFields: Fields = { needs: { action }, takes: { match: action, nth: positive, times: positive } };

/** Reads a plan that came over HTTP or from a test. Throws with the rule, the field and what it wants. */
export function parseFaultPlan(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new Error('a fault plan is an array of rules');
  return value.map((rule: unknown, index) => {
    const where = `rule ${index}`;
    const { action: given, match = {}, ...rest } = check(rule, ruleFields, where);
    const { type, ...fields } = given as Record<string, unknown>;
    if (typeof type !== 'string' || !Object.hasOwn(actionFields, type)) {
      throw new Error(`${where}: action.type is one of ${Object.keys(actionFields).join(', ')}, not ${quoted(type)}`);
    }
    check(fields, actionFields[type as FaultType], `${where}: action ${type}`);
    check(match, matchFields, `${where}: match`);
    return { match, action: given, ...rest } as unknown as FaultRule;
  });
}

function check(value: unknown, { needs = {}, takes = {} }: Fields, where: string): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`${where} is an object, not ${quoted(value)}`);
  for (const name of Object.keys(needs)) {
    if (value[name] === undefined) throw new Error(`${where}: ${name} is missing; it wants ${needs[name]?.wants}`);
  }
  for (const [name, one] of Object.entries(value)) {
    const field = needs[name] ?? takes[name];
    if (!field)
      throw new Error(`${where}: no field ${name}; there are ${Object.keys({ ...needs, ...takes }).join(', ')}`);
    if (one !== undefined && !field.holds(one))
      throw new Error(`${where}: ${name} wants ${field.wants}, not ${quoted(one)}`);
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
