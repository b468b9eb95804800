import tls from 'node:tls';
import type { Log } from '../../base/log.ts';
import type { NetworkOptions } from '../../base/networkOptions.ts';

export interface Trust {
  readonly rejectUnauthorized: boolean;
  /** Absent: Node's own authorities and those of NODE_EXTRA_CA_CERTS. */
  readonly secureContext?: tls.SecureContext;
}

/**
 * Whose certificates are believed. Node alone knows the authorities of Mozilla and NODE_EXTRA_CA_CERTS; a company's are
 * in the operating system's store (on Linux also SSL_CERT_FILE and SSL_CERT_DIR), which Node reads since 22.15 and 23.10.
 * Takes about 60 ms the first time.
 */
export function createTrust(options: NetworkOptions, log: Log): Trust {
  if (!options.strictSsl) return { rejectUnauthorized: false };
  // Absent in older runtimes, whatever the types say.
  const getCertificates: typeof tls.getCACertificates | undefined = tls.getCACertificates;
  if (!options.systemCertificates || getCertificates === undefined) return { rejectUnauthorized: true };
  try {
    const ca = [...new Set([...getCertificates('default'), ...getCertificates('system')])];
    return { rejectUnauthorized: true, secureContext: tls.createSecureContext({ ca }) };
  } catch (error) {
    log.warn("the certificates of this computer cannot be read; Node's own are used", { error });
    return { rejectUnauthorized: true };
  }
}
