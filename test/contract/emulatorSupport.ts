import type { TestContext } from 'node:test';
import type { Emulator, EmulatorOptions } from '../emulator/emulator.ts';
import { emulatorFor, RawClient } from '../support/emulation.ts';

/** An emulator and a client of bare HTTP that is signed in to it. */
export async function signedIn(
  test: TestContext,
  options: EmulatorOptions = {},
): Promise<{ emulator: Emulator; client: RawClient }> {
  const emulator = await emulatorFor(test, options);
  return { emulator, client: await RawClient.signIn(emulator) };
}

/** The class of the exception that an error body names, XML or JSON (PROTOCOL.md §2.9). */
export function exception(text: string): string | undefined {
  return /<message>[\w.]*\.(\w+)[:<]/.exec(text)?.[1] ?? /"error_id":"(\w+)"/.exec(text)?.[1];
}

/** A document with what differs from run to run written as T (times), U (uuids), X (public links), and `xml:space` left out. */
export function shapeOf(xml: string): string {
  return xml
    .replace('<?xml version="1.0" encoding="UTF-8"?>\n', '')
    .replace(/\d{4}-\d\d-\d\d-T\d\d:\d\d:\d\dZ/g, 'T')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'U')
    .replace(/[0-9a-f]{32}(?=<\/publicURI>|<\/publicSharePath>)/g, 'X')
    .replaceAll(' xml:space="preserve"', '')
    .replace(' time="T" host="dn-1"', ' …');
}

/** Paths of the live items on the device Jotta. */
export function livePaths(emulator: Emulator): string[] {
  return emulator.tree().flatMap(({ path }) => (path.startsWith('/Jotta/') ? [path.slice('/Jotta/'.length)] : []));
}
