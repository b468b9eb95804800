/** Something the drive promised and did not keep (SEMANTICS.md, "Tenets"), or a state nothing explains. */
export class Violation extends Error {
  /** What is wrong, one finding each. */
  readonly findings: readonly string[];

  constructor(findings: readonly string[], options?: ErrorOptions) {
    super(findings.join('\n'), options);
    this.name = 'Violation';
    this.findings = findings;
  }
}
