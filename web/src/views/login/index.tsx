// The key is typed once and goes to the server, which keeps it behind an HttpOnly cookie. It is never stored here.
import { useState } from 'preact/hooks';
import { ApiError } from '@/lib/api';
import { signIn } from '@/lib/session';

export default function Login() {
  const [key, setKey] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(key.trim());
    } catch (failure) {
      setError(failure instanceof ApiError && failure.status === 401 ? 'That key is not known here.' : failure instanceof Error ? failure.message : String(failure));
    }
    setBusy(false);
  };
  return (
    <main class="login" id="main">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <p class="logo"><img src="/favicon.svg" alt="" />KairosRoute</p>
        <h1>Sign in</h1>
        <div class="field">
          <label for="key">Key</label>
          <input id="key" class="input mono" type="password" autocomplete="current-password" required autofocus spellcheck={false} placeholder="kr-…" value={key} aria-describedby="key-hint" aria-invalid={error !== null} onInput={(event) => setKey(event.currentTarget.value)} />
          {error ? <p id="key-hint" class="error" role="alert">{error}</p> : <p id="key-hint" class="hint">A tenant’s key sees its own tenant; viewers, operators and admins see all.</p>}
        </div>
        <button type="submit" class="btn pri" disabled={busy || key.trim() === ''}>{busy ? 'Signing in' : 'Sign in'}</button>
      </form>
    </main>
  );
}
