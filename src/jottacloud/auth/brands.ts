/** `loginToken`: pasted from the brand's web page; `browser`: the authorization-code flow on the brand's sign-in page. */
export type WayToSignIn = 'loginToken' | 'browser';

/** A service that runs on Jottacloud under its own name. Files are on the same hosts for all of them; sign-in is not. */
export interface Brand {
  /** The brand's own name, and its country where there are several. Never translated. */
  readonly name: string;
  /** Host of the well-known document, the sign-in page and the token endpoint. */
  readonly host: string;
  readonly realm: string;
  /** Client of the authorization-code flow; login tokens belong to a client of their own (grants.ts). */
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Ways that are known to work, the best first. */
  readonly waysToSignIn: readonly WayToSignIn[];
}

const usual = {
  clientId: 'desktop',
  scopes: ['openid', 'jotta-default', 'offline_access'],
  waysToSignIn: ['browser'],
} as const;

/** These refuse the scope `jotta-default`. */
const withoutDefaultScope = { ...usual, clientId: 'desktop-win', scopes: ['openid', 'offline_access'] } as const;

/** Every brand that rclone signs in to, with the hosts, clients and scopes it uses (PROTOCOL.md §1.4). */
export const brands = {
  jottacloud: {
    ...usual,
    name: 'Jottacloud',
    host: 'id.jottacloud.com',
    realm: 'jottacloud',
    waysToSignIn: ['loginToken', 'browser'],
  },
  elgiganten_dk: { ...usual, name: 'Elgiganten Cloud (DK)', host: 'cloud.elgiganten.dk', realm: 'elgiganten' },
  elgiganten_se: { ...usual, name: 'Elgiganten Cloud (SE)', host: 'cloud.elgiganten.se', realm: 'elgiganten' },
  elkjop: { ...usual, name: 'Elkjøp Cloud', host: 'cloud.elkjop.no', realm: 'elkjop' },
  elko: { ...usual, name: 'ELKO Cloud', host: 'cloud.elko.is', realm: 'elko' },
  gigantti: { ...usual, name: 'Gigantti Cloud', host: 'cloud.gigantti.fi', realm: 'gigantti' },
  letsgo: { ...withoutDefaultScope, name: 'Let’s Go Cloud', host: 'letsgo.jotta.cloud', realm: 'letsgo' },
  mediamarkt: { ...usual, name: 'MediaMarkt Cloud', host: 'mediamarkt.jottacloud.com', realm: 'mediamarkt' },
  onlime: { ...usual, name: 'Onlime', host: 'cloud-auth.onlime.dk', realm: 'onlime_wl' },
  phonero: { ...withoutDefaultScope, name: 'Phonero Sky', host: 'sky.phonero.no', realm: 'phonero' },
  tele2: { ...usual, name: 'Tele2 Cloud', host: 'mittcloud-auth.tele2.se', realm: 'comhem' },
  telia_no: { ...usual, name: 'Telia Sky', host: 'sky-auth.telia.no', realm: 'get' },
  telia_se: { ...usual, name: 'Telia Cloud', host: 'cloud-auth.telia.se', realm: 'telia_se' },
} as const satisfies Record<string, Brand>;

export type BrandKey = keyof typeof brands;

export function isBrandKey(text: string): text is BrandKey {
  return Object.hasOwn(brands, text);
}

/** Where a brand's OpenID document is: on its own host, or on `endpoint`, which stands for every host of the service. */
export function wellKnownLinkOf({ host, realm }: Brand, endpoint?: string): string {
  const origin = endpoint === undefined || endpoint === '' ? `https://${host}` : endpoint.replace(/\/+$/, '');
  return `${origin}/auth/realms/${realm}/.well-known/openid-configuration`;
}
