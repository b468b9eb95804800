/** Why a mount cannot be made. The names are the protocol's error codes; `detail` fills the sentence a person reads. */
export type MountErrorKind =
  | 'fuseMissing'
  | 'fuseNotAllowed'
  | 'fuseTooOld'
  | 'packageCannotMount'
  | 'systemCannotMount'
  | 'nfsMissing'
  | 'nfsNotAllowed'
  | 'mountPointNotEmpty'
  | 'mountPointReserved'
  | 'mountPointNotWritable'
  | 'mountPointNotAFolder'
  | 'mountPointNested'
  | 'alreadyMounted';

export class MountError extends Error {
  readonly kind: MountErrorKind;
  readonly detail: Readonly<Record<string, string>>;

  constructor(kind: MountErrorKind, detail: Readonly<Record<string, string>>, options?: ErrorOptions) {
    super(`${kind} ${JSON.stringify(detail)}`, options);
    this.name = 'MountError';
    this.kind = kind;
    this.detail = detail;
  }
}
