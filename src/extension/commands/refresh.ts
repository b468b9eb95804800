import { refresh } from '../../protocol/messages.ts';
import type { Services } from '../services.ts';
import { signInIfNeeded } from './connect.ts';

/** "Refresh": polls now, looks for FUSE again, and reads every folder on the screen again. */
export function refreshAll(services: Services) {
  return async (): Promise<void> => {
    if (!(await signInIfNeeded(services))) return;
    await services.fuse.update();
    services.files.refreshAll();
    await services.client.call(refresh);
  };
}

/** "Try Again" on the row of a folder that could not be loaded; without a row, all of them. */
export function retryFolder(services: Services) {
  return (argument?: unknown): void => {
    const { folder } = (argument ?? {}) as { folder?: unknown };
    if (typeof folder === 'string') services.files.tree.refresh(folder, true);
    else services.files.refreshAll();
  };
}
