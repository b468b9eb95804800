import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './context.ts';
import { importFile, putFile } from './direct.ts';
import { ensureFolderAt } from './writes.ts';

/** The backed-up computer that every new account has. */
export async function seedLaptop(context: Context): Promise<void> {
  const modified = new Date('2025-11-03T09:30:00Z');
  await putFile(context, '/Laptop/Documents/notes.txt', 'Notes backed up from the laptop.\n', modified);
  await putFile(
    context,
    '/Laptop/Documents/Travel/packing list.md',
    '# Packing list\n\n- passport\n- charger\n',
    modified,
  );
}

/** Copies a local folder into /Jotta/Archive; links and special files are left out. */
export async function seedArchive(context: Context, folder: string, target = '/Jotta/Archive'): Promise<void> {
  ensureFolderAt(context, target);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const from = join(folder, entry.name);
    if (entry.isDirectory()) await seedArchive(context, from, `${target}/${entry.name}`);
    else if (entry.isFile()) await importFile(context, `${target}/${entry.name}`, from);
  }
}
