import { generate } from 'selfsigned';

/** What a client finds wrong with the certificate it is shown. */
export const certificateKinds = ['good', 'expired', 'wrong-host', 'unknown-authority'] as const;
export type CertificateKind = (typeof certificateKinds)[number];

export interface KeyPair {
  key: string;
  cert: string;
}

export interface Authority extends KeyPair {
  /** A certificate for the real hosts and for loopback, with the flaw that `kind` names. */
  issue(kind: CertificateKind): Promise<KeyPair>;
}

const ellipticKey = { keyType: 'ec', algorithm: 'sha256' } as const;
const names = ['jfs', 'api', 'id', 'up', 'www', 'websocket'].map((name) => `${name}.jottacloud.com`);

/** Makes a throwaway certificate authority. */
export async function createAuthority(): Promise<Authority> {
  const own = await makeAuthority('Jottacloud emulator CA');
  return {
    ...own,
    async issue(kind) {
      const signer = kind === 'unknown-authority' ? await makeAuthority('Unknown CA') : own;
      const host = kind === 'wrong-host' ? 'elsewhere.example.org' : 'jfs.jottacloud.com';
      const hosts = kind === 'wrong-host' ? [host] : [...names, 'localhost'];
      const addresses = kind === 'wrong-host' ? [] : ['127.0.0.1'];
      const leaf = await generate([{ name: 'commonName', value: host }], {
        ...ellipticKey,
        ca: signer,
        ...(kind === 'expired' && {
          notBeforeDate: new Date('2020-01-01T00:00:00Z'),
          notAfterDate: new Date('2021-01-01T00:00:00Z'),
        }),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              ...hosts.map((value) => ({ type: 2 as const, value })),
              ...addresses.map((ip) => ({ type: 7 as const, ip })),
            ],
          },
        ],
      });
      return { key: leaf.private, cert: leaf.cert };
    },
  };
}

async function makeAuthority(name: string): Promise<KeyPair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...ellipticKey,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}
