import type { DriveErrorCode } from './errors.ts';

/** What a drive that could not start says by its exit code: nothing else of it reaches the window that started it. */
export const exitCodes = { stateInUse: 3, diskFull: 4, folderNotOurs: 5, localAccess: 6 } as const satisfies Partial<
  Record<DriveErrorCode, number>
>;

/** undefined when the exit code says nothing. */
export function findStartFailure(exitCode: number | null | undefined): keyof typeof exitCodes | undefined {
  return (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).find((code) => exitCodes[code] === exitCode);
}
