// What fires now: the little that the rail needs to know of alerts, too.
import { useQuery } from '@tanstack/preact-query';
import { askJson } from '@/lib/api';
import { chargedOnly } from '@/lib/session';

export const severities = ['critical', 'warn', 'info', 'ok'] as const;
export type Severity = (typeof severities)[number];
export type Labels = Readonly<Record<string, string>>;

export interface About {
  incident: string;
  rule: string;
  title: string;
  severity: Severity;
  headline: string;
  figures: string;
  reason: string;
  tenant: string;
  labels: Labels;
  value: string | null;
  worst: string | null;
  threshold: string | null;
  unit: string;
  since: string;
  acknowledged_by: string;
  receipts: string; // "/api/v1/receipts?…"
}
export interface Active extends About {
  state: 'firing' | 'pending';
}

/** Something is wrong, or it is news. */
export const isProblem = (one: { severity: Severity }): boolean => one.severity === 'critical' || one.severity === 'warn';

export const ACTIVE = ['alerts', 'active'];
const WATCH = 30_000; // ms; the stream of the view is faster, this is for the rail

/** `watch`: again and again, for the rail. */
export const useActive = (watch = false) =>
  useQuery({
    queryKey: ACTIVE,
    queryFn: async ({ signal }) => (await askJson<{ alerts: Active[] }>('/api/v1/alerts', { signal })).alerts,
    enabled: !chargedOnly(), // alerts tell costs
    retry: false,
    staleTime: 5000,
    refetchInterval: watch ? (query) => (query.state.error ? false : WATCH) : false,
  });
