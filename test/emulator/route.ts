import { allocate } from './allocate.ts';
import { customer, purgeTrash } from './api.ts';
import { authenticate, tokenPath, wellKnownPath } from './auth.ts';
import type { Call } from './call.ts';
import type { Context } from './context.ts';
import { invalidArgument, ServiceError } from './errors.ts';
import { handleJfs } from './jfs.ts';
import { grantToken, wellKnown } from './openid.ts';
import type { Reply } from './reply.ts';
import { receiveUpload } from './uploads.ts';

/** Finds the endpoint; one origin serves those of every host. `text` is a small body already read. Throws what it refuses. */
export async function route(context: Context, call: Call, text: string, body: AsyncIterable<Buffer>): Promise<Reply> {
  const { authorization } = call.headers;
  switch (`${call.method} ${call.rawPath}`) {
    case `GET ${wellKnownPath}`:
      return wellKnown(call.origin);
    case `POST ${tokenPath}`:
      return grantToken(context, authorization, new URLSearchParams(text));
    case 'GET /account/v1/customer':
      return customer(context, authorization);
    case 'POST /files/v1/purge_trash':
      return purgeTrash(context, authorization);
    case 'POST /files/v1/allocate':
      authenticate(context, authorization);
      return allocate(context, parseJson(text), call.origin);
  }
  if (call.method === 'POST' && call.rawPath.startsWith('/upload/')) {
    authenticate(context, authorization);
    return receiveUpload(context, call.segments[1] ?? '', call.headers, body);
  }
  if (/^\/jfs(\/|$)/.test(call.rawPath)) return handleJfs(context, call);
  throw new ServiceError(404, 'NotFoundException', `${call.method} ${call.rawPath}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidArgument('The body is not JSON');
  }
}
