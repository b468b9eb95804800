import { randomInt } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Reply } from './reply.ts';
import { escapeText, prolog } from './xmlText.ts';

const packages: Record<string, string> = {
  BadCredentialsException: 'org.springframework.security.authentication.',
  AuthenticationCredentialsNotFoundException: 'org.springframework.security.authentication.',
  UsernameNotFoundException: 'org.springframework.security.core.userdetails.',
};

/** A refusal by the service: HTTP status, Java exception class without package, and text (PROTOCOL.md §2.9). */
export class ServiceError extends Error {
  readonly status: number;
  readonly exception: string;
  constructor(status: number, exception: string, detail: string) {
    super(detail);
    this.status = status;
    this.exception = exception;
  }
}

/** A refusal in plain text, as a proxy in front of the service gives (§2.9). */
export class PlainError extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export const noSuchPath = (path: string) => new ServiceError(404, 'NoSuchPathException', `Directory ${path}`);
export const noSuchFile = (path: string) => new ServiceError(404, 'NoSuchFileException', `File ${path} does not exist`);
/** As captured, without any detail. */
export const noSuchMountPoint = () => new ServiceError(404, 'NoSuchMountPointException', '');
export const notUnique = (path: string) => new ServiceError(409, 'UniqueFileException', `${path} already exists`);
export const invalidArgument = (detail: string) => new ServiceError(400, 'InvalidArgumentException', detail);

/** Errors are XML on jfs and JSON everywhere else (PROTOCOL.md §2.9). */
export function errorForm(rawPath: string): 'xml' | 'json' {
  return rawPath.startsWith('/jfs') ? 'xml' : 'json';
}

/** Renders an error as the XML of jfs or the JSON of api and upload URLs. Anything unforeseen becomes a 500. */
export function errorReply(error: unknown, form: 'xml' | 'json'): Reply {
  if (error instanceof PlainError) {
    return { status: error.status, headers: { 'content-type': 'text/plain' }, body: error.message };
  }
  const known = error instanceof ServiceError;
  const status = known ? error.status : 500;
  const exception = known ? error.exception : 'InternalServerErrorException';
  const detail = error instanceof Error ? error.message : String(error);
  return form === 'xml' ? xmlError(status, exception, detail) : jsonError(status, exception, detail);
}

function xmlError(status: number, exception: string, detail: string): Reply {
  const message = `${packages[exception] ?? 'no.jotta.backup.errors.'}${exception}${detail && `: ${detail}`}`;
  const reason = STATUS_CODES[status] ?? '';
  const body =
    `${prolog}<error><code>${status}</code><message>${escapeText(message)}</message><reason>${reason}</reason>` +
    `<cause></cause><hostname>dn-1</hostname><x-id>${requestId()}</x-id></error>`;
  return { status, headers: { 'content-type': 'application/xml;charset=UTF-8' }, body };
}

function jsonError(status: number, exception: string, detail: string): Reply {
  const body = { code: status, message: detail, cause: exception, error_id: exception, 'x-id': requestId() };
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function requestId(): string {
  return String(randomInt(100_000_000_000, 200_000_000_000));
}
