import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

// Numbers, money and times are formatted in one place only, and nothing from outside ever becomes markup.
const formatting = ['toFixed', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'toPrecision'].map((property) => ({
  property,
  message: 'format numbers and times with src/lib/format.ts',
}));

export default typescript.config(
  { ignores: ['dist', 'node_modules', 'src/lib/schema.d.ts', 'src/assets'] },
  ...typescript.configs.strict,
  {
    files: ['src/**/*.{ts,tsx}'],
    ...a11y.flatConfigs.recommended,
    plugins: { ...a11y.flatConfigs.recommended.plugins, 'react-hooks': hooks },
    settings: { 'jsx-a11y': { attributes: { for: ['for'] } } },
    rules: {
      ...a11y.flatConfigs.recommended.rules,
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      'jsx-a11y/no-autofocus': 'off', // focus moves into dialogs on purpose
      'no-restricted-properties': ['error', ...formatting],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'text from outside is rendered as text' },
        { selector: "MemberExpression[property.name=/^(innerHTML|outerHTML)$/]", message: 'text from outside is rendered as text' },
      ],
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  { files: ['src/lib/format.ts', 'src/**/*.test.ts'], rules: { 'no-restricted-properties': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
);
