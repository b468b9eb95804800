import type { RequestKind } from './stats.ts';

export type FaultAction =
  /** Answers this status without doing the work; without `body`, the service's own error form. */
  | { type: 'status'; status: number; body?: string }
  /** Resets the connection before doing the work. */
  | { type: 'reset' }
  /** Ends the connection after that many body bytes: of the request for an upload, of the response otherwise. */
  | { type: 'truncate'; after: number }
  /** Like truncate, but the connection stays open and silent; without `after`, the request is never looked at. */
  | { type: 'stall'; after?: number }
  /** Waits before doing the work. */
  | { type: 'delay'; ms: number }
  /** Flips the first body byte: of the request for an upload, of the response otherwise. */
  | { type: 'corrupt' }
  /** Does the work, then answers 500. */
  | { type: 'duplicate' }
  /** Expires the access token the request came with, then handles the request. */
  | { type: 'expire-token' }
  /** Revokes the token family the request came with, access tokens too, then handles the request. */
  | { type: 'revoke' };

export interface FaultRule {
  /** All given parts must match; `pathIncludes` looks at the decoded path with its query. */
  match: { kind?: RequestKind; method?: string; pathIncludes?: string };
  /** First matching request that is hit, counted from 1. */
  nth?: number;
  /** How many matching requests are hit; without it, one when `nth` is given, else all. */
  times?: number;
  action: FaultAction;
}

export interface FaultHit {
  at: string;
  method: string;
  kind: RequestKind;
  path: string;
}

export interface FaultReport extends FaultRule {
  matched: number;
  hits: FaultHit[];
}

export interface FaultPlan {
  replace(plan: FaultRule[]): void;
  /** Actions to apply to this request, in plan order; counts as a match of each rule that fits. */
  take(request: { kind: RequestKind; method: string; path: string }): FaultAction[];
  report(): FaultReport[];
}

export function createFaultPlan(): FaultPlan {
  let rules: FaultReport[] = [];
  return {
    replace(plan) {
      rules = plan.map((rule) => ({ ...rule, matched: 0, hits: [] }));
    },
    take(request) {
      const actions: FaultAction[] = [];
      for (const rule of rules) {
        if (!matches(rule, request)) continue;
        rule.matched++;
        const first = rule.nth ?? 1;
        const times = rule.times ?? (rule.nth === undefined ? Number.POSITIVE_INFINITY : 1);
        if (rule.matched < first || rule.matched >= first + times) continue;
        rule.hits.push({ at: new Date().toISOString(), ...request });
        actions.push(rule.action);
      }
      return actions;
    },
    report: () => structuredClone(rules),
  };
}

function matches({ match }: FaultRule, request: { kind: RequestKind; method: string; path: string }): boolean {
  if (match.kind !== undefined && match.kind !== request.kind) return false;
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false;
  return match.pathIncludes === undefined || request.path.includes(match.pathIncludes);
}

const actionTypes = [
  'status',
  'reset',
  'truncate',
  'stall',
  'delay',
  'corrupt',
  'duplicate',
  'expire-token',
  'revoke',
] as const satisfies readonly FaultAction['type'][];

/** Checks a plan that came over HTTP; throws with the reason. */
export function parseFaultPlan(value: unknown): FaultRule[] {
  if (!Array.isArray(value)) throw new Error('a fault plan is an array');
  return value.map((rule: FaultRule) => {
    if (!actionTypes.includes(rule?.action?.type)) throw new Error(`unknown action ${JSON.stringify(rule?.action)}`);
    return { ...rule, match: rule.match ?? {} };
  });
}
