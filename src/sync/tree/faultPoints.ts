/**
 * The steps of a push between which a death of the process matters. The composition root decides what happens there:
 * nothing, or, to prove that a replay finishes, that death.
 */
export const faultPoints = [
  'handedOver',
  'uploadNoted',
  'allocated',
  'sent',
  'committed',
  'adopted',
  'begun',
  'folderCreated',
  'moved',
  'timesSet',
  'removed',
] as const;

export type FaultPoint = (typeof faultPoints)[number];
