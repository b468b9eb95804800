import type { HostileVariant } from './hostile.ts';

const md5 = 'c4ca4238a0b923820dcc509a6f75849b';

/** Every field of every JSON answer, so that one document serves all endpoints. */
const plausible = {
  username: 'u0emulator',
  access_token: 'token',
  refresh_token: 'token',
  expires_in: 3600,
  token_endpoint: 'http://127.0.0.1:9/token',
  state: 'INCOMPLETE',
  upload_id: 'id',
  upload_url: 'http://127.0.0.1:9/upload',
  resume_pos: 0,
  bytes: 1,
  md5,
  modified: 1_767_225_600_000,
  usage: 1,
  quota: -1,
};

const twisted: Partial<Record<HostileVariant, object>> = {
  'long-name': { username: 'x'.repeat(1_000_000), upload_url: `http://127.0.0.1:9/${'x'.repeat(1_000_000)}` },
  'name-slash': { username: '../../outside' },
  'name-nul': { username: 'a\u0000b', access_token: 'a\u0000b' },
  'name-dot-dot': { username: '..' },
  'name-control': { username: 'a\nb', access_token: 'a\r\nx-injected: b', refresh_token: 'a\nb' },
  'name-empty': { username: '', access_token: '', refresh_token: '', upload_url: '' },
  'negative-size': { resume_pos: -1, bytes: -1, expires_in: -1, usage: -1, quota: -7 },
  'huge-size': { resume_pos: 1e30, bytes: 1e30, expires_in: 1e30, usage: 1e30, quota: 1e30 },
  'bad-time': { modified: 'yesterday', expires_in: 'soon' },
  'bad-counts': { resume_pos: 9_007_199_254_740_991, bytes: 0, expires_in: 0 },
  'bad-url': { token_endpoint: 'file:///etc/hostname', upload_url: 'file:///etc/hostname' },
};

/** The variant as JSON; one that is about XML alone answers another type of value. */
export function hostileJson(variant: HostileVariant, depth: number): string | AsyncIterable<Uint8Array> {
  const fields = twisted[variant];
  if (fields) return JSON.stringify({ ...plausible, ...fields });
  if (variant === 'cut-document') return JSON.stringify(plausible).slice(0, -20);
  if (variant === 'deep') return '['.repeat(depth) + ']'.repeat(depth);
  if (variant === 'bad-utf8') return bytes();
  return '[]';
}

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
}
