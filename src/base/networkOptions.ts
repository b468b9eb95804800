/** How requests leave this computer; the meaning is that of VS Code's `http.*` settings, named behind each. */
export interface NetworkOptions {
  /** False: no proxy, whatever the rest and the environment say (`http.proxySupport` is `off`). */
  readonly useProxy: boolean;
  /** Address of the proxy; empty leaves it to the environment (`http.proxy`). May hold a password: never logged. */
  readonly proxy: string;
  /** Hosts reached without the proxy; when there are any, `NO_PROXY` is not looked at (`http.noProxy`). */
  readonly noProxy: readonly string[];
  /** Value of the header Proxy-Authorization; empty: what the proxy's address holds (`http.proxyAuthorization`). */
  readonly proxyAuthorization: string;
  /** False: no certificate is checked (`http.proxyStrictSSL`). */
  readonly strictSsl: boolean;
  /** Certificate authorities of the operating system are trusted too (`http.systemCertificates`). */
  readonly systemCertificates: boolean;
}

/** VS Code's defaults. */
export const defaultNetworkOptions: NetworkOptions = {
  useProxy: true,
  proxy: '',
  noProxy: [],
  proxyAuthorization: '',
  strictSsl: true,
  systemCertificates: true,
};
