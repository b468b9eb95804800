import { allocate } from './allocate.ts';
import { customer, purgeTrash } from './api.ts';
import { authenticate } from './auth.ts';
import { authorize } from './authorizationCode.ts';
import { type Brand, realmOf, tokenEndpoint, wellKnownEndpoint } from './brands.ts';
import { type Call, isOldUpload } from './call.ts';
import type { Context } from './context.ts';
import { invalidArgument, ServiceError } from './errors.ts';
import { createToken, isTokenPath } from './eventSocket.ts';
import { handleJfs } from './jfs.ts';
import { receiveOldUpload } from './oldUpload.ts';
import { endSession, grantToken, userInfo, wellKnown } from './openid.ts';
import type { Reply } from './reply.ts';
import { publicLink } from './sharing.ts';
import { receiveUpload } from './uploads.ts';

/** Finds the endpoint; one origin serves those of every host. `text` is a small body already read. Throws what it refuses. */
export async function route(context: Context, call: Call, text: string, body: AsyncIterable<Buffer>): Promise<Reply> {
  const { authorization } = call.headers;
  const realm = realmOf(call.rawPath);
  if (realm) return routeRealm(context, call, realm, text);
  switch (`${call.method} ${call.rawPath}`) {
    case 'GET /account/v1/customer':
      return customer(context, authorization);
    case 'POST /files/v1/purge_trash':
      return purgeTrash(context, authorization);
    case 'POST /files/v1/allocate':
      authenticate(context, authorization);
      if (context.quirks.requests === 'strict' && !/^application\/json\b/.test(call.headers['content-type'] ?? '')) {
        throw new ServiceError(415, 'HttpMediaTypeNotSupportedException', 'Content type not supported');
      }
      return allocate(context, parseJson(text), call.origin);
  }
  if (call.method === 'POST' && call.rawPath.startsWith('/upload/')) {
    authenticate(context, authorization);
    return receiveUpload(context, call.segments[1] ?? '', call.headers, body);
  }
  if (call.method === 'GET' && isTokenPath(call.rawPath)) return createToken(context, call.rawPath, authorization);
  if (isOldUpload(call)) return receiveOldUpload(context, call, body);
  if (/^\/jfs(\/|$)/.test(call.rawPath)) return handleJfs(context, call);
  const shared = call.method === 'GET' ? publicLink(context, call.rawPath, call.headers.range) : undefined;
  if (shared) return shared;
  throw new ServiceError(404, 'NotFoundException', `${call.method} ${call.rawPath}`);
}

/** The sign-in server of a brand (PROTOCOL.md §1). */
function routeRealm(
  context: Context,
  call: Call,
  { brand, endpoint }: { brand: Brand; endpoint: string },
  text: string,
): Reply {
  const { authorization } = call.headers;
  switch (`${call.method} ${endpoint}`) {
    case `GET ${wellKnownEndpoint}`:
      return wellKnown(context, call.origin, brand);
    case `POST ${tokenEndpoint}`:
      return grantToken(context, brand, authorization, new URLSearchParams(text));
    case 'GET protocol/openid-connect/auth':
      return authorize(context, brand, call.query);
    case 'GET protocol/openid-connect/userinfo':
      return userInfo(context, authorization);
    case 'POST protocol/openid-connect/logout':
      return endSession(context, new URLSearchParams(text));
  }
  throw new ServiceError(404, 'NotFoundException', `${call.method} ${call.rawPath}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidArgument('The body is not JSON');
  }
}
