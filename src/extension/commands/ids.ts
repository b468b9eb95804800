/** Every command this extension registers; package.json contributes the same ones. */
export const commandIds = [
  'jottacloud.connect',
  'jottacloud.disconnect',
  'jottacloud.mount',
  'jottacloud.mountFolder',
  'jottacloud.unmount',
  'jottacloud.openMountedFolder',
  'jottacloud.openMountedFolderInNewWindow',
  'jottacloud.revealInFinder',
  'jottacloud.revealInFileManager',
  'jottacloud.pauseTransfers',
  'jottacloud.resumeTransfers',
  'jottacloud.showTransfers',
  'jottacloud.retryTransfers',
  'jottacloud.refresh',
  'jottacloud.retryFolder',
  'jottacloud.showLog',
  'jottacloud.copyPath',
  'jottacloud.open',
  'jottacloud.installFuse',
  'jottacloud.forgetMount',
  'jottacloud.showActions',
] as const;

export type CommandId = (typeof commandIds)[number];
