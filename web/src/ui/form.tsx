// Fields of forms: a label, a hint, and beside it what was wrong. Values are texts until they are sent.
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { accepted, type Refusal, refusalOf } from '@/lib/problem';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  class?: string;
}
type Described = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean };

export function Field({ label, hint, error, class: name = '', children }: FieldProps & { children: (props: Described) => ComponentChildren }) {
  const id = useId();
  const says = error || hint ? `${id}-says` : undefined;
  return (
    <div class={`field ${name}`}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': says, 'aria-invalid': !!error })}
      {error ? <p id={says} class="error" role="alert">{error}</p> : hint && <p id={says} class="hint">{hint}</p>}
    </div>
  );
}

type TextProps = FieldProps & { value: string; set: (next: string) => void } & Pick<JSX.InputHTMLAttributes<HTMLInputElement>, 'placeholder' | 'inputMode' | 'type' | 'required' | 'disabled' | 'maxLength' | 'autofocus' | 'autocomplete' | 'min'> & { mono?: boolean; options?: readonly string[]; after?: ComponentChildren };
export function TextField({ label, hint, error, class: name, value, set, mono = false, options, after, ...rest }: TextProps) {
  const list = useId();
  return (
    <Field label={label} hint={hint} error={error} {...(name ? { class: name } : {})}>
      {(props) => (
        <span class="with-after">
          <input {...rest} {...props} class={`input ${mono ? 'mono' : ''}`} spellcheck={false} maxLength={rest.maxLength ?? 500} value={value} list={options ? list : undefined} onInput={(event) => set(event.currentTarget.value)} />
          {options && <datalist id={list}>{options.slice(0, 300).map((one) => <option key={one} value={one} />)}</datalist>}
          {after}
        </span>
      )}
    </Field>
  );
}

export function LinesField({ label, hint, error, class: name, value, set, placeholder, rows = 2 }: FieldProps & { value: string; set: (next: string) => void; placeholder?: string; rows?: number }) {
  return (
    <Field label={label} hint={hint} error={error} {...(name ? { class: name } : {})}>
      {(props) => <textarea {...props} class="input" rows={rows} spellcheck={false} placeholder={placeholder} value={value} onInput={(event) => set(event.currentTarget.value)} />}
    </Field>
  );
}

export function SelectField<T extends string>({ label, hint, error, class: name, value, set, options, disabled = false }: FieldProps & { value: T; set: (next: T) => void; options: readonly { key: T; label: string }[]; disabled?: boolean }) {
  return (
    <Field label={label} hint={hint} error={error} {...(name ? { class: name } : {})}>
      {(props) => (
        <select {...props} class="input" value={value} disabled={disabled} onChange={(event) => set(event.currentTarget.value as T)}>
          {options.map((option) => <option key={option.key} value={option.key}>{option.label}</option>)}
        </select>
      )}
    </Field>
  );
}

export const CheckField = ({ label, checked, set, hint }: { label: ComponentChildren; checked: boolean; set: (next: boolean) => void; hint?: ComponentChildren }) => (
  <label class="check"><input type="checkbox" checked={checked} onChange={(event) => set(event.currentTarget.checked)} /><span>{label}{hint && <small class="mut"> {hint}</small>}</span></label>
);

/** Several of a few. */
export function ChoicesField<T extends string>({ label, hint, value, set, options }: { label: string; hint?: ComponentChildren; value: readonly T[]; set: (next: T[]) => void; options: readonly { key: T; label: string }[] }) {
  return (
    <fieldset class="choices">
      <legend>{label}</legend>
      <div class="row">
        {options.map((option) => <CheckField key={option.key} label={option.label} checked={value.includes(option.key)} set={(on) => set(on ? [...value, option.key] : value.filter((one) => one !== option.key))} />)}
      </div>
      {hint && <p class="hint">{hint}</p>}
    </fieldset>
  );
}

/** Entries of a list as one types them: a line or a comma ends one. */
export const entries = (text: string): string[] => [...new Set(text.split(/[\n,]/).map((one) => one.trim()).filter(Boolean))];

/** What the server said to the last attempt, and whether one is under way. */
export function useSubmit(fields: readonly string[]) {
  const [refusal, setRefusal] = useState<Refusal>(accepted);
  const [busy, setBusy] = useState(false);
  const run = async (what: () => Promise<void>) => {
    setBusy(true);
    setRefusal(accepted);
    try {
      await what();
    } catch (error) {
      setRefusal(refusalOf(error, fields));
    }
    setBusy(false);
  };
  return { refusal, busy, run, errors: refusal.fields as Readonly<Record<string, string | undefined>> };
}
export const Whole = ({ refusal }: { refusal: Refusal }) => (refusal.whole ? <p class="error" role="alert">{refusal.whole}</p> : null);
