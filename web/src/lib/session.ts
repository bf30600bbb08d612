// Who is signed in. The key is sent once; the server keeps it behind an HttpOnly cookie that scripts cannot read.
import { signal } from '@preact/signals';
import { ApiError, hooks, http, type Schemas } from '@/lib/api';

export type Session = Schemas['Session'];
export type Role = Session['role'];
/** undefined: not known yet. null: nobody. */
export const session = signal<Session | null | undefined>(undefined);
export const unreachable = signal<string | null>(null);

const roles: readonly Role[] = ['tenant', 'viewer', 'operator', 'admin'];
/** Whether the key may do what needs at least this role. */
export const may = (least: Role): boolean => !!session.value && roles.indexOf(session.value.role) >= roles.indexOf(least);

/** A key of a reseller's tenant: amounts are what it is charged; costs, baselines and savings are refused. */
export const chargedOnly = (): boolean => session.value?.charged_only ?? false;

hooks.signedOut = () => {
  if (session.value) session.value = null;
};

function keep(found: Session | undefined) {
  session.value = found ?? null;
  hooks.csrfToken = found?.csrf_token ?? null;
}

export async function loadSession() {
  try {
    keep((await http.GET('/api/v1/session')).data);
    unreachable.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null;
    else unreachable.value = error instanceof Error ? error.message : String(error);
  }
}
export async function signIn(key: string) {
  await http.POST('/api/v1/session', { body: { key } });
  await loadSession();
}
export async function signOut() {
  await http.DELETE('/api/v1/session').catch(() => undefined);
  keep(undefined);
}
