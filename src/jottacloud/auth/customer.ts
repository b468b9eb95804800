import { JottaError } from '../errors.ts';
import type { Customer } from '../types.ts';
import { isUsableName } from '../urls.ts';

/** The answer of `account/v1/customer` (PROTOCOL.md §1.5). JottaError 'protocol' without a user name. */
export function parseCustomer(json: Readonly<Record<string, unknown>>): Customer {
  const { username } = json;
  // The name becomes a path segment of every request, so one that cannot be a segment is refused here.
  if (typeof username !== 'string' || !isUsableName(username)) {
    throw new JottaError('protocol', 'the customer answer has no user name');
  }
  return {
    username,
    email: textOf(json.email),
    name: textOf(json.name),
    usage: bytesOf(json.usage) ?? 0,
    quota: bytesOf(json.quota) ?? -1,
    writeLocked: json.write_locked === true,
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function bytesOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
