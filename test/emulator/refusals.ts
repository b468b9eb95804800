import type { Context } from './context.ts';
import { errorReply, PlainError, ServiceError } from './errors.ts';
import type { Reply } from './reply.ts';

/** Renders a refusal as the quirks have it: those whose status or body nobody has recorded (PROTOCOL.md §2.9, §3.3). */
export function refusalReply({ quirks }: Context, error: unknown, form: 'xml' | 'json'): Reply {
  if (!(error instanceof ServiceError)) return errorReply(error, form);
  const { exception, message } = error;
  // A service without `conflict_handler` still refuses a file over a folder.
  if (exception === 'UniqueFileException') return withStatus(error, Number(quirks.conflictStatus) || 409, form);
  if (exception === 'CorruptUploadOpenApiException') {
    if (quirks.corruptAnswer === '421-empty') return { status: 421, headers: {}, body: '' };
    return withStatus(error, Number(quirks.corruptAnswer), form);
  }
  if (exception === 'QuotaExceededException') {
    if (quirks.quotaAnswer === '460-empty') return { status: 460, headers: {}, body: '' };
    return withStatus(error, Number.parseInt(quirks.quotaAnswer, 10), form);
  }
  if (exception === 'ForbiddenException' && quirks.lockedBody !== 'error') {
    return errorReply(new PlainError(403, quirks.lockedBody === 'plain' ? message : ''), form);
  }
  return errorReply(error, form);
}

function withStatus({ exception, message }: ServiceError, status: number, form: 'xml' | 'json'): Reply {
  return errorReply(new ServiceError(status, exception, message), form);
}
