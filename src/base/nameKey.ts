/** Case- and normalisation-insensitive key of a name or a path, as the service compares them (docs/PROTOCOL.md §5). */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
