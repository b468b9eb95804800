import path from 'node:path';

/** The clone's top folder. */
export const root = path.resolve(import.meta.dirname, '..', '..');
