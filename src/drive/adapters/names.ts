import { decodeName } from '../../jottacloud/names.ts';
import { fitName } from '../../sync/tree/standIns.ts';

/** The name here of what the wire spells so: with the characters it stands for, and cut where it is too long for a folder. */
export function toLocalName(wire: string): string {
  return fitName(decodeName(wire), wire);
}

/** The wire spelling of a name; that of what is to get it, where it is shown under it already, though others spell it otherwise. */
export function toWireName(name: string, former: string | undefined, encode: (local: string) => string): string {
  return former !== undefined && toLocalName(former) === name ? former : encode(name);
}
