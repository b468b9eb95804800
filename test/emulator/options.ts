import type { CertificateKind } from './certificates.ts';
import type { QuirkName, Quirks } from './quirks.ts';

export interface EmulatorOptions {
  /** TCP port on 127.0.0.1; 0 or absent takes a free one. */
  port?: number;
  /** Folder that keeps blobs, tree and tokens between runs; absent means a temporary one, removed on close. */
  state?: string;
  /** Local folder copied into /Jotta/Archive, only when the state is new. */
  seed?: string;
  /** Milliseconds before each request is handled. */
  latency?: number;
  /** Bytes per second, per connection and direction. */
  bandwidth?: number;
  /** Folder to receive ca.pem, certificate, key and rclone.conf for an unmodified rclone. */
  rclone?: string;
  quirks?: Partial<Quirks>;
  /** Called whenever an answer may depend on a quirk. */
  onQuirk?: (name: QuirkName) => void;
  /** Life of an access token in seconds; 3600 when absent. */
  tokenLifetime?: number;
  /** Account capacity in bytes; absent means unlimited. */
  capacity?: number;
  /** Every change is refused with 403; settable later, too. */
  writeLocked?: boolean;
  /** Everything but the state of the account is refused with 403. */
  readLocked?: boolean;
  /** What is wrong with the certificate of the TLS listener; nothing when absent. */
  certificate?: CertificateKind;
  /** Internal user name; `u0emulator` when absent. */
  user?: string;
}
