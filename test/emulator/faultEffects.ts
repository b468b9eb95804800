import { STATUS_CODES } from 'node:http';
import { TLSSocket } from 'node:tls';
import { strikeToken } from './auth.ts';
import { type Exchange, untilGone } from './bodies.ts';
import { errorForm, errorReply, ServiceError } from './errors.ts';
import type { FaultAction } from './faultActions.ts';
import { hostileReply } from './hostile.ts';
import type { Reply } from './reply.ts';
import { waitFor } from './shape.ts';
import { accountUsage } from './sizes.ts';
import { expireUploadUrls } from './uploads.ts';

/** Acts before the work is done; returns a reply that replaces the work. `text` is a small request body. */
export async function actBefore(at: Exchange, fault: FaultAction, text: string): Promise<Reply | undefined> {
  const { context, call, cut } = at;
  const { account } = context;
  switch (fault.type) {
    case 'status':
      return statusReply(at, fault.status, fault.body, fault.headers);
    case 'hostile':
      return hostileReply(context, call, fault.variant, fault.bytes);
    case 'reset':
      reset(at);
      return undefined;
    case 'outage':
      void context.outage.begin(fault.ms);
      await untilGone(at);
      return undefined;
    case 'truncate':
      cut.truncateAfter = fault.after;
      cut.clean = fault.clean === true;
      return undefined;
    case 'stall':
      if (fault.after === undefined) await untilGone(at);
      cut.stallAfter = fault.after;
      return undefined;
    case 'corrupt':
      cut.corrupt = true;
      return undefined;
    case 'delay':
      await waitFor(fault.ms, at.gone);
      return undefined;
    case 'slow': {
      const bandwidth = Math.min(fault.bytesPerSecond, at.shape.bandwidth ?? fault.bytesPerSecond);
      at.shape = { ...at.shape, bandwidth };
      return undefined;
    }
    case 'expire-token':
    case 'revoke':
      strikeToken(context, tokenOf(at, text), fault.type === 'revoke' ? 'revoke' : 'expire');
      return undefined;
    case 'expire-upload-urls':
      expireUploadUrls(context);
      return undefined;
    case 'quota':
      account.capacity = fault.capacity ?? accountUsage(account);
      context.changed();
      return undefined;
    case 'lock':
      Object.assign(account, { writeLocked: fault.write === true, readLocked: fault.read === true });
      context.changed();
      return undefined;
    case 'wrong-md5':
    case 'duplicate':
    case 'repeat':
    case 'answer-twice':
    case 'stale':
      return undefined;
  }
}

/** Acts on the reply of the work; undefined when the connection is not to be answered any more. */
export async function actAfter(at: Exchange, fault: FaultAction, reply: Reply): Promise<Reply | undefined> {
  switch (fault.type) {
    case 'wrong-md5':
      return { ...reply, body: otherMd5s(reply.body) };
    case 'answer-twice':
      at.response.once('finish', () => void at.request.socket.write(rawAnswer(reply)));
      return reply;
    case 'duplicate':
      if (fault.answer === 'reset') reset(at);
      else if (fault.answer === 'stall') await untilGone(at);
      else return statusReply(at, fault.answer ?? 500);
      return undefined;
    default:
      return reply;
  }
}

function statusReply({ call }: Exchange, status: number, body?: string, headers: Record<string, string> = {}): Reply {
  const own = errorReply(new ServiceError(status, 'InjectedFaultException', 'by fault plan'), errorForm(call.rawPath));
  if (body === undefined) return { ...own, headers: { ...own.headers, ...headers } };
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body };
}

function reset({ request, response }: Exchange): void {
  if (request.socket instanceof TLSSocket) request.socket.destroy();
  else request.socket.resetAndDestroy();
  response.destroy();
}

function tokenOf({ call }: Exchange, text: string): { access?: string; refresh?: string } {
  const access = /^Bearer +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (access !== undefined) return { access };
  const refresh = call.kind === 'token' ? new URLSearchParams(text).get('refresh_token') : null;
  return refresh === null ? {} : { refresh };
}

/** Changes the first digit of whatever looks like an md5 value in XML or JSON; a streamed body goes by unchanged. */
function otherMd5s(body: Reply['body']): Reply['body'] {
  if (typeof body !== 'string') return body;
  return body.replace(
    /(<md5>|"md5":")([0-9a-fA-F])/g,
    (_, tag: string, digit: string) => tag + (digit === '0' ? '1' : '0'),
  );
}

/** The bytes of an answer; a streamed body is left out. */
function rawAnswer({ status, headers, body }: Reply): string {
  const text = typeof body === 'string' ? body : '';
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(text) });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`;
}
