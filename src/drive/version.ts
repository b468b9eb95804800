import packageJson from '../../package.json' with { type: 'json' };

export const driveVersion: string = packageJson.version;
export const userAgent = `jottacloud-drive/${driveVersion}`;
