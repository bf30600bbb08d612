// Who is signed in. The key is sent once; the server keeps it behind an HttpOnly cookie that scripts cannot read.
import { signal } from '@preact/signals';
import { ApiError, askJson, onSignedOut } from '@/lib/api';

export interface Session {
  tenant: string;
  key_id: string;
  admin: boolean;
  demo?: boolean;
}
/** undefined: not known yet. null: nobody. */
export const session = signal<Session | null | undefined>(undefined);
export const unreachable = signal<string | null>(null);

onSignedOut(() => {
  if (session.value) session.value = null;
});

export async function loadSession() {
  try {
    session.value = await askJson<Session>('/api/v1/session');
    unreachable.value = null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null;
    else unreachable.value = error instanceof Error ? error.message : String(error);
  }
}
export async function signIn(key: string) {
  await askJson('/api/v1/session', { method: 'POST', body: { key } });
  await loadSession();
}
export async function signOut() {
  await askJson('/api/v1/session', { method: 'DELETE' }).catch(() => undefined);
  session.value = null;
}
