import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redact } from '../../../src/base/log.ts';
import { defaultNetworkOptions, type NetworkOptions } from '../../../src/base/networkOptions.ts';
import { isJottaError } from '../../../src/jottacloud/errors.ts';
import { resolveProxy } from '../../../src/jottacloud/transport/proxies.ts';

const service = 'https://jfs.jottacloud.com/jfs/u0';

function proxyTo(url: string, options: Partial<NetworkOptions> = {}, env: Record<string, string> = {}) {
  return resolveProxy(new URL(url), { ...defaultNetworkOptions, ...options }, env);
}
const hrefTo = (...args: Parameters<typeof proxyTo>) => proxyTo(...args)?.url.href;

describe('the way to a host', () => {
  it('is direct unless a setting or the environment names a proxy', () => {
    assert.equal(proxyTo(service), undefined);
    assert.equal(hrefTo(service, { proxy: 'http://p:8080' }), 'http://p:8080/');
    assert.equal(hrefTo(service, {}, { HTTPS_PROXY: 'http://p:8080' }), 'http://p:8080/');
    assert.equal(hrefTo(service, {}, { https_proxy: 'p:8080' }), 'http://p:8080/', 'a scheme may be left out');
  });

  it('goes by the setting first, then by the more special variable', () => {
    const env = { ALL_PROXY: 'http://all', HTTP_PROXY: 'http://plain', HTTPS_PROXY: 'http://secure' };
    assert.equal(hrefTo(service, { proxy: 'http://setting' }, env), 'http://setting/');
    assert.equal(hrefTo(service, {}, env), 'http://secure/');
    assert.equal(hrefTo('wss://websocket.jottacloud.com/ws', {}, env), 'http://secure/');
    assert.equal(hrefTo('http://plain.example/', {}, env), 'http://plain/');
    assert.equal(hrefTo(service, {}, { ALL_PROXY: 'socks5://all' }), 'socks5://all');
  });

  it('is direct when proxies are switched off', () => {
    assert.equal(proxyTo(service, { useProxy: false, proxy: 'http://p' }, { HTTPS_PROXY: 'http://q' }), undefined);
  });

  it('never leads this computer through a proxy', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '[::1]']) {
      assert.equal(proxyTo(`http://${host}:1234/`, { proxy: 'http://p' }), undefined, host);
    }
  });

  it('is direct for what NO_PROXY lists: domains with all below, ports, a star', () => {
    const env = (list: string) => ({ HTTPS_PROXY: 'http://p', NO_PROXY: list });
    for (const list of ['jottacloud.com', '.jottacloud.com', '*.jottacloud.com', 'a.b, JFS.jottacloud.com:443 ', '*']) {
      assert.equal(proxyTo(service, {}, env(list)), undefined, list);
    }
    for (const list of ['cloud.com', 'jottacloud.com:8443', 'www.jottacloud.com', '', ',', '.']) {
      assert.ok(proxyTo(service, {}, env(list)), list);
    }
  });

  it('goes by the exceptions of the settings instead of NO_PROXY when there are any', () => {
    const env = { HTTPS_PROXY: 'http://p', NO_PROXY: 'jottacloud.com' };
    assert.equal(proxyTo(service, { noProxy: ['jottacloud.com'] }, { HTTPS_PROXY: 'http://p' }), undefined);
    assert.ok(proxyTo(service, { noProxy: ['example.com'] }, env));
  });

  it('keeps the name and password of a proxy out of its address', () => {
    const proxy = proxyTo(service, { proxy: 'http://me:p%40ss@p:1' });
    assert.equal(proxy?.url.href, 'http://p:1/');
    assert.equal(proxy?.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    const own = proxyTo(service, { proxy: 'http://me:pass@p:1', proxyAuthorization: 'Bearer t' });
    assert.equal(own?.authorization, 'Bearer t');
    assert.equal(proxyTo(service, { proxy: 'http://p' })?.authorization, undefined);
  });

  it('is an error when the address of the proxy cannot be read', () => {
    for (const proxy of ['http://', 'quic://p', 'http://p:99999', '::']) {
      assert.throws(
        () => proxyTo(service, { proxy }),
        (error) => isJottaError(error, 'proxy'),
        proxy,
      );
    }
  });
});

describe('a log', () => {
  it('does not hold the password of a proxy, wherever its address turns up', () => {
    assert.equal(redact('via http://me:s3cret@p:8080/ now'), 'via http://[redacted]@p:8080/ now');
    assert.equal(redact({ proxy: 'socks5://me@p:1' }), '{"proxy":"socks5://[redacted]@p:1"}');
    assert.equal(redact('see https://a.example/x@y'), 'see https://a.example/x@y');
  });
});
