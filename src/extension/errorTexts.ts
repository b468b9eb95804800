import type { DriveErrorCode } from '../protocol/errors.ts';
import { accountTexts } from './errorTexts/account.ts';
import { driveTexts } from './errorTexts/drive.ts';
import { filesTexts } from './errorTexts/files.ts';
import { mountingTexts } from './errorTexts/mounting.ts';
import type { Args, ErrorAction, ErrorText } from './errorTexts/parts.ts';

export type { ErrorAction } from './errorTexts/parts.ts';

/** What a person reads for each code: what happened, then what to do. The type sees that no code is forgotten. */
const texts: Record<DriveErrorCode, ErrorText> = { ...accountTexts, ...driveTexts, ...filesTexts, ...mountingTexts };

export function getErrorSentence(code: DriveErrorCode, args: Args): string {
  return texts[code].sentence(args).trim();
}

export function getErrorAction(code: DriveErrorCode, args: Args): ErrorAction | undefined {
  return texts[code].action?.(args);
}
