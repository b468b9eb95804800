import type { FaultAction } from './faultActions.ts';
import type { Account } from './model.ts';
import type { RequestKind } from './stats.ts';

export type { FaultAction };

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
  /** The account as it was when a plan with the action `stale` was set. */
  former(): Account | undefined;
}

/** Keeps the plan; `snapshot` copies the account, for stale answers. */
export function createFaultPlan(snapshot: () => Account): FaultPlan {
  let rules: FaultReport[] = [];
  let former: Account | undefined;
  return {
    replace(plan) {
      rules = plan.map((rule) => ({ ...rule, matched: 0, hits: [] }));
      former = plan.some(({ action }) => action.type === 'stale') ? snapshot() : undefined;
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
    former: () => former,
  };
}

function matches({ match }: FaultRule, request: { kind: RequestKind; method: string; path: string }): boolean {
  if (match.kind !== undefined && match.kind !== request.kind) return false;
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false;
  return match.pathIncludes === undefined || request.path.includes(match.pathIncludes);
}
