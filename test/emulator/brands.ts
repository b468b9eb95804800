/** A brand's realm and what its sign-in page takes (PROTOCOL.md §1.4); the emulator serves every realm on its one origin. */
export interface Brand {
  realm: string;
  /** Client of the authorization-code flow. */
  clientId: string;
  /** False where the scope `jotta-default` is rejected. */
  jottaDefault: boolean;
}

const usual = { clientId: 'desktop', jottaDefault: true };

export const brands = {
  jottacloud: { ...usual, realm: 'jottacloud' },
  elgiganten_dk: { ...usual, realm: 'elgiganten' },
  elgiganten_se: { ...usual, realm: 'elgiganten' },
  elkjop: { ...usual, realm: 'elkjop' },
  elko: { ...usual, realm: 'elko' },
  gigantti: { ...usual, realm: 'gigantti' },
  letsgo: { realm: 'letsgo', clientId: 'desktop-win', jottaDefault: false },
  mediamarkt: { ...usual, realm: 'mediamarkt' },
  onlime: { ...usual, realm: 'onlime_wl' },
  phonero: { realm: 'phonero', clientId: 'desktop-win', jottaDefault: false },
  tele2: { ...usual, realm: 'comhem' },
  telia_no: { ...usual, realm: 'get' },
  telia_se: { ...usual, realm: 'telia_se' },
} as const satisfies Record<string, Brand>;

export type BrandName = keyof typeof brands;

const byRealm = new Map<string, Brand>(Object.values(brands).map((brand) => [brand.realm, brand]));

/** The brand and endpoint of `/auth/realms/<realm>/…`; undefined for any other path or realm. */
export function realmOf(rawPath: string): { brand: Brand; endpoint: string } | undefined {
  const [, realm = '', endpoint = ''] = /^\/auth\/realms\/([^/]+)\/(.+)$/.exec(rawPath) ?? [];
  const brand = byRealm.get(realm);
  return brand && { brand, endpoint };
}

export const wellKnownEndpoint = '.well-known/openid-configuration';
export const tokenEndpoint = 'protocol/openid-connect/token';

export function realmPath(realm: string): string {
  return `/auth/realms/${realm}`;
}
